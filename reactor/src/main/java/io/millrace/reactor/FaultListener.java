package io.millrace.reactor;

/**
 * Told when an access to mapped memory faulted somewhere on the reactor.
 *
 * <p>The JVM delivers such a fault late, maybe in another device's poll, so where it was thrown
 * says nothing: each listener compares the size of its own mapped files with what it mapped.
 */
@FunctionalInterface
public interface FaultListener {
  /** Looks for memory of its own that went away; runs on the reactor's thread. */
  void memoryFault();
}
