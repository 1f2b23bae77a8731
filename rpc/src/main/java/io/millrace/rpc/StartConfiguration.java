package io.millrace.rpc;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** What a program is configured with at its start. Control thread. */
public interface StartConfiguration {
  /**
   * Makes the calls that can be made before the subsystems are up.
   *
   * @return done; or failed with an exception whose message is one line, and the program ends
   */
  CompletionStage<@Nullable Void> startup();

  /** Makes the other calls, when the subsystems are up and before anybody else can call. */
  CompletionStage<@Nullable Void> runtime();
}
