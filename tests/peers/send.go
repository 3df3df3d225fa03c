// Lists to datagrams, sent by collectd.org/network. Arguments and lines as of send.c; the library
// has no ABSOLUTE.
package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"strconv"
	"time"

	"collectd.org/api"
	"collectd.org/network"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	options := network.ClientOptions{Username: os.Args[2], Password: os.Args[3]}
	switch os.Args[1] {
	case "sign":
		options.SecurityLevel = network.Sign
	case "encrypt":
		options.SecurityLevel = network.Encrypt
	}
	client, err := network.Dial(os.Args[4]+":"+os.Args[5], options)
	check(err)
	count, err := strconv.Atoi(os.Args[6])
	check(err)
	for i := 0; i < count; i++ {
		counter, gauge, derive := math.MaxUint64-uint64(i), float64(i)/8-3, int64(-1000-i)
		list := &api.ValueList{
			Identifier: api.Identifier{Host: fmt.Sprint("host-", i/100), Plugin: "plugin", Type: "mixed"},
			Time:       time.Unix(1795426812+int64(i/4), int64(i%4)*250000000),
			Interval:   10 * time.Second,
			Values:     []api.Value{api.Counter(counter), api.Gauge(gauge), api.Derive(derive)},
		}
		if i%3 != 0 {
			list.PluginInstance = fmt.Sprint(i % 7)
		}
		if i%2 != 0 {
			list.TypeInstance = fmt.Sprint("grün ", i)
		}
		check(client.Write(context.Background(), list))
		fmt.Printf("%s|plugin|%s|mixed|%s|%d.%09d|10.000000000|counter:%d,gauge:%016x,derive:%d\n",
			list.Host, list.PluginInstance, list.TypeInstance, list.Time.Unix(), list.Time.Nanosecond(),
			counter, math.Float64bits(gauge), derive)
	}
	check(client.Close())
}
