package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A load of ours: a program that attaches, prints a line when it is ready, then reads a line for
 * each measurement and answers it with a report in one line.
 *
 * @param core where it runs
 * @param command its command line
 * @param ready the line that it prints first
 * @param request what to say to it
 */
record LineLoad(String core, List<String> command, String ready, Request request) implements Load {
  /** A measurement, in the program's words. */
  interface Request {
    String line(Workload workload, Duration leadIn, Duration run);
  }

  @Override
  public Session start(String name, Path work) throws IOException, InterruptedException {
    return new Running(name, Child.startReady(name + "-load", core, command, ready, work));
  }

  private final class Running implements Session {
    private final String name;
    private final Child child;

    Running(String name, Child child) {
      this.name = name;
      this.child = child;
    }

    @Override
    public List<Child> processes() {
      return List.of(child);
    }

    @Override
    public void begin(Workload workload, Duration leadIn, Duration run) throws IOException {
      child.say(request.line(workload, leadIn, run));
    }

    @Override
    public @Nullable FioReport poll() throws IOException {
      String line = child.nextLine();
      return line == null ? null : FioReport.parse(name + "-load", line);
    }

    @Override
    public void close() throws IOException {
      child.close();
    }
  }
}
