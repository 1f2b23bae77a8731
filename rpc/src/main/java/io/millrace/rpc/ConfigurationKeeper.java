package io.millrace.rpc;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what calls configure, so that an answer is a promise. Called on the control thread; its
 * stages complete on any.
 */
public interface ConfigurationKeeper {
  /**
   * Asked before a call does anything.
   *
   * @param bytes that its entries may take
   * @return complete when they can be kept; or failed with {@link RpcException}, and the call is
   *     not made
   */
  CompletionStage<@Nullable Void> reserve(long bytes);

  /**
   * Asked when a call has done what it does, before it is answered.
   *
   * @param reserved bytes that had been reserved for it
   * @return complete when all that has changed in the {@link Configuration} by now is kept; or
   *     failed with {@link RpcException}
   */
  CompletionStage<@Nullable Void> commit(long reserved);
}
