package io.millrace.server.top;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code millrace top} on a terminal, or as text. For the main thread. */
public final class Top {
  /** How soon a key, a new size or a frame is seen; nobody notices. */
  private static final long LOOK_MILLIS = 40;

  private final Path socket;
  private final double intervalSeconds;
  private final Sort sort;

  /**
   * A run.
   *
   * @param socket of JSON-RPC
   * @param intervalSeconds between two looks, 0.1 or more
   */
  public Top(Path socket, double intervalSeconds, Sort sort) {
    this.socket = socket;
    this.intervalSeconds = intervalSeconds;
    this.sort = sort;
  }

  /**
   * Prints what happens, interval by interval.
   *
   * @param count of them; 0 for no end, over ends of the server too
   * @param json a line of JSON each, in place of tables
   * @throws IOException the server cannot be asked, and there is a count or it never could
   */
  public void print(int count, boolean json, PrintWriter out, PrintWriter err)
      throws IOException, InterruptedException {
    Frames frames = new Frames();
    int printed = 0;
    boolean reached = false;
    boolean told = false;
    try (Sampler sampler = Sampler.start(socket, intervalSeconds)) {
      while (count == 0 || printed < count) {
        Frame frame = frames.next(sampler.take());
        String problem = frames.problem();
        if (problem != null) {
          if (count > 0 || !reached) {
            throw new IOException(problem);
          }
          if (!told) {
            err.println(waiting());
            told = true;
          }
          continue;
        }
        reached = true;
        told = false;
        if (frame != null) {
          out.print(
              json
                  ? JsonReport.of(frame, Instant.now()) + "\n"
                  : (printed > 0 ? "\n" : "") + TextReport.of(frame, sort, localTime()));
          out.flush();
          printed++;
        }
      }
    }
  }

  /**
   * Shows what happens until the user ends it.
   *
   * @throws IOException the terminal cannot be driven
   */
  public void show() throws IOException {
    TopState state = new TopState(intervalSeconds, sort);
    History history = new History();
    Frames frames = new Frames();
    Frame shown = null;
    boolean stale = true;
    try (Sampler sampler = Sampler.start(socket, intervalSeconds);
        TopTerminal terminal = TopTerminal.open()) {
      while (true) {
        stale |= terminal.takenAnew();
        for (Sampler.Look look = sampler.poll(); look != null; look = sampler.poll()) {
          Frame frame = frames.next(look);
          stale = true;
          if (frame != null && !state.paused()) {
            history.add(frame);
            shown = frame;
          }
        }
        if (stale) {
          String waiting = frames.problem() == null ? null : waiting();
          terminal.show(
              Screen.draw(shown, state, history, waiting, terminal.width(), terminal.height()));
          stale = false;
        }
        int key = terminal.key(LOOK_MILLIS);
        if (key == KeyReader.END
            || !state.key(key, names(shown, state, history), Screen.page(terminal.height()))) {
          return;
        }
        stale = key != Key.NONE;
        sampler.interval(state.intervalSeconds());
      }
    }
  }

  private static LocalDateTime localTime() {
    return LocalDateTime.now(ZoneId.systemDefault());
  }

  private static List<String> names(@Nullable Frame frame, TopState state, History history) {
    return frame == null
        ? List.of()
        : Rows.of(frame, state, history).stream().map(Row::name).toList();
  }

  private String waiting() {
    return "waiting for " + socket;
  }
}
