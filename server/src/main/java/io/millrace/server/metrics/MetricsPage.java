package io.millrace.server.metrics;

import java.util.List;
import tools.jackson.databind.JsonNode;

/** From figures to the text of a scrape. */
final class MetricsPage {
  /** The methods of JSON-RPC whose results a page is made of. */
  static final List<String> METHODS =
      List.of(
          "spdk_get_version",
          "bdev_get_bdevs",
          "bdev_get_iostat",
          "vhost_get_controllers",
          "vhost_get_iostat");

  private MetricsPage() {}

  static String of(MetricsSource.Figures figures) {
    Exposition page = new Exposition();
    page.gauge("millrace_build_info", "What runs here; always 1.")
        .add(
            1,
            "version",
            figures.of("spdk_get_version").path("version").asString(""),
            "java",
            Runtime.version().toString());
    BdevFamilies.add(figures.of("bdev_get_bdevs"), figures.of("bdev_get_iostat"), page);
    JsonNode iostat = figures.of("vhost_get_iostat");
    QueueFamilies.add(figures.of("vhost_get_controllers"), iostat, page);
    ReactorFamilies.add(iostat, page);
    RpcFamilies.add(figures, page);
    JvmFamilies.add(page);
    return page.text();
  }
}
