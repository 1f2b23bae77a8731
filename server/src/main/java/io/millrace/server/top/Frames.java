package io.millrace.server.top;

import org.jspecify.annotations.Nullable;

/** From looks to frames: what two in a row of the same server tell. One thread. */
final class Frames {
  private @Nullable Snapshot before;
  private @Nullable String problem;

  /** Takes a look; returns a frame if it makes one. */
  @Nullable Frame next(Sampler.Look look) {
    return switch (look) {
      case Sampler.Look.Taken(Snapshot now) -> {
        Snapshot earlier = before;
        before = now;
        problem = null;
        yield earlier == null || earlier.pid() != now.pid() ? null : Frame.between(earlier, now);
      }
      case Sampler.Look.Failed(String why) -> {
        problem = why;
        yield null;
      }
    };
  }

  /** Why there was nothing at the last look; null if there was something. */
  @Nullable String problem() {
    return problem;
  }
}
