package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A load that does on packed rings what others of its lineup do on split ones. */
record PackedLoad(Load load) implements Load {
  @Override
  public Session start(String name, Path work) throws IOException, InterruptedException {
    return new Running(load.start(name, work));
  }

  private record Running(Session session) implements Session {
    @Override
    public List<Child> processes() {
      return session.processes();
    }

    @Override
    public void begin(Workload workload, Duration leadIn, Duration run)
        throws IOException, InterruptedException {
      session.begin(workload.onPackedRings(), leadIn, run);
    }

    @Override
    public @Nullable FioReport poll() throws IOException {
      return session.poll();
    }

    @Override
    public void close() throws IOException {
      session.close();
    }
  }
}
