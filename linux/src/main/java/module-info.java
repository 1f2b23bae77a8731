/** Every call into the Linux kernel, through the foreign function interface, and raw memory. */
module io.millrace.linux {
  requires static transitive org.jspecify;

  exports io.millrace.linux;
}
