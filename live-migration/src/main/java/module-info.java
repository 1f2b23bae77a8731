/**
 * What outlives a back-end: the dirty-page log and the in-flight region, formats without wiring.
 */
module io.millrace.live.migration {
  requires static transitive org.jspecify;
  requires transitive io.millrace.linux;

  exports io.millrace.live.migration;
}
