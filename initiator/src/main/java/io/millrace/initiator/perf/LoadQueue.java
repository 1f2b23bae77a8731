package io.millrace.initiator.perf;

import io.millrace.initiator.BlkCompletion;
import io.millrace.initiator.InitiatorException;
import org.jspecify.annotations.Nullable;

/**
 * The way of one job to the device. One thread, from {@link #open} to {@link #close}. Between the
 * two nothing is allocated and nothing thrown.
 */
interface LoadQueue extends AutoCloseable {
  /** Why a device is given up. */
  record Failure(int errno, String message) {}

  /** On the job's thread, before all else. */
  void open() throws InitiatorException;

  /**
   * Submits a request; the device may see it only after {@link #kick}.
   *
   * @param offsetBytes where on the disk; ignored by SYNC
   * @param address the job's memory for this token, {@code bytes} long; TRIM may write there too
   * @param token comes back with the completion; one request at a time has it
   * @return false when there is no room
   */
  boolean submit(Direction direction, long offsetBytes, long address, int bytes, int token);

  /** Shows the device what was submitted. */
  void kick();

  /** Whether {@link #poll} would find something; drives what has to be driven for that. */
  boolean ready();

  /**
   * Takes a batch of completions.
   *
   * @param handler called for each with its token and status, 0 for success; may submit
   */
  void poll(BlkCompletion handler);

  /** Requests submitted and not polled yet. */
  int inFlightCount();

  /** Whether the device broke its protocol, so that nothing completes any more. */
  boolean isBroken();

  /** Looks whether the device is still there, which may take a system call; null when it is. */
  @Nullable Failure failure();

  /** A status in words. Not for the data path. */
  String describe(int status);

  /** On the job's thread, with nothing in flight unless the device failed. */
  @Override
  void close();
}
