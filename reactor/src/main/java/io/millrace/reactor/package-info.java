/**
 * Reactors: threads that poll while there is work and sleep in one epoll wait while there is none.
 *
 * <p>Everything handed to a {@link io.millrace.reactor.Reactor} runs on that reactor's thread;
 * other threads reach it with {@link io.millrace.reactor.Reactor#execute} only. Start reading at
 * {@link io.millrace.reactor.Reactor}, then {@link io.millrace.reactor.Poller} for what is polled
 * and {@code PollSet} for how hot, cold and resting pollers are told apart.
 */
@NullMarked
package io.millrace.reactor;

import org.jspecify.annotations.NullMarked;
