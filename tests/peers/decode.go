// Datagrams to lists, read by collectd.org/network. Arguments and lines as of decode.c.
package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"collectd.org/api"
	"collectd.org/network"
)

type keys struct{ user, password string }

func (k keys) Password(user string) (string, error) {
	if user != k.user {
		return "", fmt.Errorf("no user %q", user)
	}
	return k.password, nil
}

func word(value api.Value) string {
	switch v := value.(type) {
	case api.Counter:
		return fmt.Sprintf("counter:%d", uint64(v))
	case api.Derive:
		return fmt.Sprintf("derive:%d", int64(v))
	case api.Gauge:
		if math.IsNaN(float64(v)) {
			return "gauge:nan"
		}
		return fmt.Sprintf("gauge:%016x", math.Float64bits(float64(v)))
	}
	return fmt.Sprintf("?%T", value)
}

func seconds(whole int64, nanos int64) string { return fmt.Sprintf("%d.%09d", whole, nanos) }

func main() {
	options := network.ParseOpts{}
	if os.Args[1] != "none" {
		options.PasswordLookup = keys{os.Args[2], os.Args[3]}
		options.SecurityLevel = network.Encrypt
		if os.Args[1] == "sign" {
			options.SecurityLevel = network.Sign
		}
	}
	file, err := os.Create(os.Args[4])
	if err != nil {
		panic(err)
	}
	out := bufio.NewWriter(file)
	in := bufio.NewReader(os.Stdin)
	for {
		var length uint32
		if err := binary.Read(in, binary.BigEndian, &length); err == io.EOF {
			break
		} else if err != nil {
			panic(err)
		}
		datagram := make([]byte, length)
		if _, err := io.ReadFull(in, datagram); err != nil {
			panic(err)
		}
		lists, err := network.Parse(datagram, options)
		for _, list := range lists {
			id := list.Identifier
			at := seconds(list.Time.Unix(), int64(list.Time.Nanosecond()))
			every := seconds(int64(list.Interval/time.Second), int64(list.Interval%time.Second))
			fmt.Fprintf(out, "%s|%s|%s|%s|%s|%s|%s|", id.Host, id.Plugin, id.PluginInstance, id.Type,
				id.TypeInstance, at, every)
			for i, value := range list.Values {
				if i > 0 {
					fmt.Fprint(out, ",")
				}
				fmt.Fprint(out, word(value))
			}
			fmt.Fprintln(out)
		}
		if err != nil {
			fmt.Fprintf(out, "!%v\n", err)
		}
	}
	if err := out.Flush(); err != nil {
		panic(err)
	}
}
