package io.millrace.nvme.model;

import java.util.Map;
import java.util.TreeMap;

/** Features (base specification 2.0 §5.27.1). */
final class Features {
  static final int VOLATILE_WRITE_CACHE = 0x06;
  static final int QUEUES = 0x07;
  static final int ASYNC_EVENTS = 0x0b;

  /** Asynchronous event configuration: namespace attribute notices. */
  static final int NOTICE_NAMESPACES = 1 << 8;

  private static final int SAVE = 1 << 31;
  private static final int SELECT_SHIFT = 8;
  private static final int SELECT_DEFAULT = 1;
  private static final int SELECT_SAVED = 2;
  private static final int SELECT_CAPABILITIES = 3;
  private static final int CHANGEABLE = 4;
  private static final int[] PLAIN = {0x01, 0x02, 0x04, 0x05, 0x08, 0x09, 0x0a, ASYNC_EVENTS};

  private final ModelOptions options;
  private final Map<Integer, Integer> values = new TreeMap<>();
  private int queuesGranted;

  Features(ModelOptions options) {
    this.options = options;
    reset();
  }

  void reset() {
    values.clear();
    for (int id : PLAIN) {
      values.put(id, 0);
    }
    if (options.volatileWriteCache) {
      values.put(VOLATILE_WRITE_CACHE, 1);
    }
    queuesGranted = options.ioQueues;
    values.put(QUEUES, granted(queuesGranted, queuesGranted));
  }

  int value(int id) {
    return values.getOrDefault(id, 0);
  }

  /** Largest id of an I/O queue. */
  int queuesGranted() {
    return queuesGranted;
  }

  int set(Command command, boolean hasQueues) {
    int id = command.dword10() & 0xff;
    if (!values.containsKey(id)) {
      return Status.INVALID_FIELD;
    }
    if ((command.dword10() & SAVE) != 0) {
      return Status.FEATURE_NOT_SAVEABLE;
    }
    if (id == QUEUES) {
      return setQueues(command, hasQueues);
    }
    values.put(id, command.dword11());
    return Status.SUCCESS;
  }

  private int setQueues(Command command, boolean hasQueues) {
    int submission = command.dword11() & 0xffff;
    int completion = command.dword11() >>> 16;
    if (submission == 0xffff || completion == 0xffff) {
      return Status.INVALID_FIELD;
    }
    if (hasQueues) {
      return Status.COMMAND_SEQUENCE_ERROR;
    }
    int most = options.ioQueues;
    // A queue id serves both kinds here: as many as fit either.
    queuesGranted = Math.min(most, Math.max(submission, completion) + 1);
    command.result = granted(Math.min(most, submission + 1), Math.min(most, completion + 1));
    values.put(QUEUES, command.result);
    return Status.SUCCESS;
  }

  private static int granted(int submission, int completion) {
    return submission - 1 | (completion - 1) << 16;
  }

  int get(Command command) {
    int id = command.dword10() & 0xff;
    if (!values.containsKey(id)) {
      return Status.INVALID_FIELD;
    }
    switch (command.dword10() >> SELECT_SHIFT & 7) {
      case 0 -> command.result = value(id);
      case SELECT_DEFAULT, SELECT_SAVED -> command.result = new Features(options).value(id);
      case SELECT_CAPABILITIES -> command.result = CHANGEABLE;
      default -> {
        return Status.INVALID_FIELD;
      }
    }
    return Status.SUCCESS;
  }
}
