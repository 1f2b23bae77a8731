package io.millrace.server.attack;

/**
 * What became of a chain.
 *
 * @param id given back, if it was
 * @param usedBytes used length
 * @param status byte that the device wrote, or {@link #NO_STATUS}
 */
record Answer(How how, int id, int usedBytes, int status) {
  static final int NO_STATUS = 0xff;
  static final int OK = 0;

  enum How {
    USED,
    CLOSED,
    STOPPED,
    SILENT
  }

  boolean isServed() {
    return how == How.USED && status == OK;
  }

  @Override
  public String toString() {
    return switch (how) {
      case USED ->
          (status == NO_STATUS ? "given back" : "completed with status " + status)
              + ", used length "
              + Integer.toUnsignedString(usedBytes);
      case CLOSED -> "the session was closed";
      case STOPPED -> "the queue stopped and signalled its error";
      case SILENT -> "not answered, the queue stood still";
    };
  }
}
