package io.millrace.nvme.model;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Log pages (base specification 2.0 §5.16). */
final class LogPages {
  static final int ERRORS = 1;
  static final int HEALTH = 2;
  static final int FIRMWARE = 3;
  static final int CHANGED_NAMESPACES = 4;

  private static final int HEALTH_BYTES = 512;
  private static final int FIRMWARE_BYTES = 512;
  private static final int CHANGED_BYTES = 4096;
  private static final int TEMPERATURE_KELVIN = 300;

  private final ModelOptions options;
  private final ErrorLog errors;
  private final TreeSet<Integer> changed = new TreeSet<>();
  private int criticalWarning;
  private int percentageUsed;

  LogPages(ModelOptions options, ErrorLog errors) {
    this.options = options;
    this.errors = errors;
  }

  void namespaceChanged(int id) {
    changed.add(id);
  }

  void health(int warning, int used) {
    criticalWarning = warning;
    percentageUsed = used;
  }

  /** A page, or null if there is none of that number. */
  byte @Nullable [] page(int id) {
    return switch (id) {
      case ERRORS -> errors.page();
      case HEALTH -> healthPage();
      case FIRMWARE -> firmwarePage();
      case CHANGED_NAMESPACES -> changedPage();
      default -> null;
    };
  }

  /** The host has it. */
  void read(int id) {
    if (id == CHANGED_NAMESPACES) {
      changed.clear();
    }
  }

  private byte[] healthPage() {
    ByteBuffer page = ByteBuffer.allocate(HEALTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    page.put(0, (byte) criticalWarning);
    page.putShort(1, (short) TEMPERATURE_KELVIN);
    page.put(3, (byte) 100); // spare
    page.put(4, (byte) 10); // its threshold
    page.put(5, (byte) percentageUsed);
    page.putLong(176, errors.count());
    return page.array();
  }

  private byte[] firmwarePage() {
    byte[] page = new byte[FIRMWARE_BYTES];
    page[0] = 1; // slot 1 is active
    byte[] revision = options.firmware.getBytes(StandardCharsets.US_ASCII);
    Arrays.fill(page, 8, 16, (byte) ' ');
    System.arraycopy(revision, 0, page, 8, revision.length);
    return page;
  }

  private byte[] changedPage() {
    ByteBuffer page = ByteBuffer.allocate(CHANGED_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int id : changed) {
      page.putInt(id);
    }
    return page.array();
  }
}
