package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * fio itself on an image, through its io_uring engine: no server and no socket, a process for each
 * measurement.
 *
 * @param core where it runs
 */
record FioLoad(String core, Path image, boolean direct) implements Load {
  @Override
  public Session start(String name, Path work) {
    return new Running(name, work);
  }

  List<String> command(Workload workload, Duration leadIn, Duration run) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "fio",
                "--name=fio",
                "--thread", // one process, so that stopping it stops all of it
                "--filename=" + image,
                "--ioengine=io_uring",
                "--size=" + Peers.DISK_BYTES,
                "--direct=" + (direct ? 1 : 0),
                "--invalidate=0", // or it empties the page cache of all sides
                "--time_based",
                "--ramp_time=" + leadIn.toMillis() + "ms",
                "--runtime=" + run.toMillis() + "ms",
                "--output-format=json"));
    command.addAll(workload.fioOptions());
    return command;
  }

  private final class Running implements Session {
    private final String name;
    private final Path work;
    private @Nullable Child child;

    Running(String name, Path work) {
      this.name = name;
      this.work = work;
    }

    @Override
    public List<Child> processes() {
      return child == null ? List.of() : List.of(child);
    }

    @Override
    public void begin(Workload workload, Duration leadIn, Duration run)
        throws IOException, InterruptedException {
      close();
      Child started = Child.start(name + "-load", core, command(workload, leadIn, run), work);
      child = started;
      Child.signal("STOP", started.process());
    }

    @Override
    public @Nullable FioReport poll() throws IOException {
      Child running = child;
      if (running == null) {
        throw new IllegalStateException(name + " has not begun");
      }
      if (running.process().isAlive()) {
        return null;
      }
      if (running.process().exitValue() != 0) {
        throw running.failure("ended with " + running.process().exitValue());
      }
      return FioReport.parse(name, running.printed());
    }

    @Override
    public void close() throws IOException {
      if (child != null) {
        child.close();
      }
    }
  }
}
