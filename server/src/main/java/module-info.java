/** The program: command line, wiring, life cycle. Nothing depends on it. */
module io.millrace.server {
  requires static transitive org.jspecify;
  requires info.picocli;

  opens io.millrace.server to
      info.picocli;
}
