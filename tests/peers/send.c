/* Lists to datagrams, sent by libcollectdclient.
 *
 * usage: send none|sign|encrypt USER PASSWORD ADDRESS PORT COUNT
 *
 * Sends COUNT lists of all kinds of values and prints each as a line, see decode.c. The library
 * sends only full datagrams: the last lists never leave. Ends with 3 when the library was built
 * without the means to sign and encrypt. */
#include <collectd/network.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
  if (argc != 7)
    return 2;
  lcc_network_t *network = lcc_network_create();
  lcc_server_t *server = lcc_server_create(network, argv[4], argv[5]);
  if (server == NULL)
    return 1;
  /* Without it the library asks for no hop at all, gets no socket, and reports success. */
  lcc_server_set_ttl(server, 1);
  if (strcmp(argv[1], "none") != 0) {
    lcc_security_level_t level = strcmp(argv[1], "sign") == 0 ? SIGN : ENCRYPT;
    int status = lcc_server_set_security_level(server, level, argv[2], argv[3]);
    if (status != 0)
      return status == ENOTSUP ? 3 : 1;
  }
  for (int i = 0; i < atoi(argv[6]); i++) {
    double gauge = i / 8.0 - 3.0;
    uint64_t bits;
    memcpy(&bits, &gauge, sizeof bits);
    value_t values[4] = {{.counter = UINT64_MAX - (uint64_t)i}, {.gauge = gauge},
                         {.derive = (derive_t)(-1000 - i)}, {.absolute = (absolute_t)i << 40}};
    int kinds[4] = {LCC_TYPE_COUNTER, LCC_TYPE_GAUGE, LCC_TYPE_DERIVE, LCC_TYPE_ABSOLUTE};
    lcc_value_list_t list = LCC_VALUE_LIST_INIT;
    list.values = values;
    list.values_types = kinds;
    list.values_len = 4;
    list.time = 1795426812 + i / 4.0;
    list.interval = 10;
    snprintf(list.identifier.host, LCC_NAME_LEN, "host-%i", i / 100);
    snprintf(list.identifier.plugin, LCC_NAME_LEN, "plugin");
    snprintf(list.identifier.plugin_instance, LCC_NAME_LEN, i % 3 ? "%i" : "", i % 7);
    snprintf(list.identifier.type, LCC_NAME_LEN, "mixed");
    snprintf(list.identifier.type_instance, LCC_NAME_LEN, i % 2 ? "gr\xc3\xbcn %i" : "", i);
    if (lcc_network_values_send(network, &list) != 0)
      return 1;
    lcc_identifier_t const *id = &list.identifier;
    printf("%s|%s|%s|%s|%s|%.9f|%.9f|counter:%" PRIu64 ",gauge:%016" PRIx64 ",derive:%" PRId64
           ",absolute:%" PRIu64 "\n",
           id->host, id->plugin, id->plugin_instance, id->type, id->type_instance, list.time,
           list.interval, values[0].counter, bits, (int64_t)values[2].derive, values[3].absolute);
  }
  lcc_network_destroy(network);
  return 0;
}
