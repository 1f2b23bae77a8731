/**
 * The vhost-user protocol. Two layers live here: the message codec ({@link
 * io.millrace.vhost.user.FrontendMessageCodec} and its siblings: pure functions between bytes and
 * records, any thread) and the connection that carries messages with their file descriptors ({@link
 * io.millrace.vhost.user.MessageChannel}: no thread of its own, one thread at a time). Nothing in
 * this package is on the data path. Start reading at {@link
 * io.millrace.vhost.user.FrontendMessage}.
 */
@NullMarked
package io.millrace.vhost.user;

import org.jspecify.annotations.NullMarked;
