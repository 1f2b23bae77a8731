package io.millrace.server;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.CompletableFuture;

/** One run of the command line within the test's JVM. */
record Cli(int exitCode, String out, String err) {
  /** Runs it on a thread of its own, as a server's main thread gives way to others for good. */
  static Cli run(String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code =
        CompletableFuture.supplyAsync(
                () -> Main.run(args, new PrintWriter(out, true), new PrintWriter(err, true)),
                command -> Thread.ofPlatform().start(command))
            .join();
    return new Cli(code, out.toString(), err.toString());
  }
}
