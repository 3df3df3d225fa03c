/* Datagrams to lists, read by libcollectdclient.
 *
 * usage: decode none|sign|encrypt USER PASSWORD OUT < DATAGRAMS
 *
 * DATAGRAMS are each led by its length, 32 bits big-endian. OUT gets one line a list:
 *
 *   host|plugin|plugin instance|type|type instance|time|interval|kind:value,kind:value
 *
 * Seconds have nine decimals; a gauge is written as the 16 hexadecimal digits of its bits, or as
 * nan. What cannot be read is a line that starts with '!'. The library itself writes to standard
 * output and error, so the result goes to a file. */
#include <collectd/network_parse.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *out;
static char const *user, *password;

static int take(lcc_value_list_t const *list) {
  lcc_identifier_t const *id = &list->identifier;
  fprintf(out, "%s|%s|%s|%s|%s|%.9f|%.9f|", id->host, id->plugin, id->plugin_instance, id->type,
          id->type_instance, list->time, list->interval);
  for (size_t i = 0; i < list->values_len; i++) {
    value_t value = list->values[i];
    if (i > 0)
      fputc(',', out);
    switch (list->values_types[i]) {
    case LCC_TYPE_COUNTER:
      fprintf(out, "counter:%" PRIu64, value.counter);
      break;
    case LCC_TYPE_GAUGE: {
      uint64_t bits;
      memcpy(&bits, &value.gauge, sizeof bits);
      if (value.gauge != value.gauge)
        fputs("gauge:nan", out);
      else
        fprintf(out, "gauge:%016" PRIx64, bits);
      break;
    }
    case LCC_TYPE_DERIVE:
      fprintf(out, "derive:%" PRId64, (int64_t)value.derive);
      break;
    case LCC_TYPE_ABSOLUTE:
      fprintf(out, "absolute:%" PRIu64, value.absolute);
      break;
    default:
      fprintf(out, "?%i", list->values_types[i]);
    }
  }
  fputc('\n', out);
  return 0;
}

static char const *look_up(char const *name) { return strcmp(name, user) == 0 ? password : NULL; }

int main(int argc, char **argv) {
  if (argc != 5)
    return 2;
  lcc_network_parse_options_t options = {.writer = take, .security_level = NONE};
  user = argv[2];
  password = argv[3];
  if (strcmp(argv[1], "none") != 0) {
    options.password_lookup = look_up;
    options.security_level = strcmp(argv[1], "sign") == 0 ? SIGN : ENCRYPT;
  }
  out = fopen(argv[4], "w");
  if (out == NULL)
    return 2;
  unsigned char length[4], datagram[65536];
  while (fread(length, 1, 4, stdin) == 4) {
    size_t bytes = (size_t)length[0] << 24 | (size_t)length[1] << 16 | (size_t)length[2] << 8 | length[3];
    if (bytes > sizeof datagram || fread(datagram, 1, bytes, stdin) != bytes)
      return 2;
    int status = lcc_network_parse(datagram, bytes, options);
    if (status != 0)
      fprintf(out, "!%i\n", status);
  }
  return fclose(out) == 0 ? 0 : 1;
}
