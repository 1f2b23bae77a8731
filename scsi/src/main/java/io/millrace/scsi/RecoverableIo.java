package io.millrace.scsi;

import org.jspecify.annotations.Nullable;

/**
 * What a command knows of its life before, if it was accepted once, by a device server that died or
 * over a connection that was lost, and its transport brings it back. The initiator does not know
 * what became of it. Data path.
 */
abstract class RecoverableIo extends TalliedIo {
  /** It has compared, and is about to write. */
  static final int COMPARED = 1;

  /** It has written. */
  static final int WRITTEN = 2;

  private boolean acceptedBefore;
  private int milestone;

  RecoverableIo(int segments, @Nullable Object source) {
    super(segments, source);
  }

  /** A new one, until {@link #acceptedBefore(int)} says otherwise. */
  final void beginNew() {
    beginTally();
    acceptedBefore = false;
    milestone = 0;
  }

  /**
   * Its transport brings it back. Called after {@link ScsiTask#begin}.
   *
   * @param milestone the last one that it {@link #reached}, 0 for none
   */
  public final void acceptedBefore(int milestone) {
    acceptedBefore = true;
    this.milestone = milestone;
  }

  final boolean wasAcceptedBefore() {
    return acceptedBefore;
  }

  /** How far it is, or was before. */
  final int milestone() {
    return milestone;
  }

  /**
   * It has come so far that to begin anew would be another command. A transport that may bring it
   * back remembers that, before it returns.
   *
   * @param milestone 1 to 255
   */
  protected void reached(int milestone) {
    this.milestone = milestone;
  }
}
