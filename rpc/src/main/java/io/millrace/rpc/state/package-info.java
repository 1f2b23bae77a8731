/**
 * What the process remembers over a restart: a small durable store of named records, the directory
 * of {@code --state}.
 *
 * <p>Start at {@link io.millrace.rpc.state.StateStore}, and at {@link
 * io.millrace.rpc.state.ConfigurationJournal} for what of it is the configuration. {@code
 * StateFormat} says what is in its file and what of it may be believed after a crash; {@code
 * StateDirectory} is the file and who may have it. Changes are written on a thread of the store's
 * own, never on a reactor.
 */
@NullMarked
package io.millrace.rpc.state;

import org.jspecify.annotations.NullMarked;
