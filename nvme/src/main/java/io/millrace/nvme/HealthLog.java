package io.millrace.nvme;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/**
 * The SMART / health information log page (base 2.0 figure 207).
 *
 * @param criticalWarning bits of what is wrong, 0 for nothing
 * @param temperatureKelvin of the controller as a whole
 * @param availableSparePercent spare capacity left
 * @param spareThresholdPercent below which it warns
 * @param usedPercent of its life; may exceed 100
 * @param dataUnitsRead in thousands of 512 bytes
 * @param dataUnitsWritten the same
 * @param hostReads read commands
 * @param hostWrites write commands
 * @param busyMinutes time with I/O outstanding
 * @param powerCycles times that it was switched on
 * @param powerOnHours time that it was on
 * @param unsafeShutdowns times that power went without a shutdown
 * @param mediaErrors unrecovered errors of its medium
 * @param errorLogEntries errors it has logged in its life
 * @param warningMinutes time above the warning temperature
 * @param criticalMinutes time above the critical temperature
 * @param sensorsKelvin temperatures of the sensors that it has
 */
public record HealthLog(
    int criticalWarning,
    int temperatureKelvin,
    int availableSparePercent,
    int spareThresholdPercent,
    int usedPercent,
    BigInteger dataUnitsRead,
    BigInteger dataUnitsWritten,
    BigInteger hostReads,
    BigInteger hostWrites,
    BigInteger busyMinutes,
    BigInteger powerCycles,
    BigInteger powerOnHours,
    BigInteger unsafeShutdowns,
    BigInteger mediaErrors,
    BigInteger errorLogEntries,
    long warningMinutes,
    long criticalMinutes,
    List<Integer> sensorsKelvin) {
  /** Bytes of the page. */
  public static final int BYTES = 512;

  private static final int SENSORS = 200;
  private static final int SENSOR_COUNT = 8;

  /** Reads the page. */
  public static HealthLog of(byte[] page) {
    IdentifyData log = new IdentifyData(page);
    List<Integer> sensors = new ArrayList<>();
    for (int i = 0; i < SENSOR_COUNT; i++) {
      int kelvin = log.u16(SENSORS + 2 * i);
      if (kelvin != 0) {
        sensors.add(kelvin);
      }
    }
    return new HealthLog(
        log.u8(0),
        log.u16(1),
        log.u8(3),
        log.u8(4),
        log.u8(5),
        number(log, 32),
        number(log, 48),
        number(log, 64),
        number(log, 80),
        number(log, 96),
        number(log, 112),
        number(log, 128),
        number(log, 144),
        number(log, 160),
        number(log, 176),
        log.u32(192),
        log.u32(196),
        List.copyOf(sensors));
  }

  private static BigInteger number(IdentifyData log, int offset) {
    byte[] bytes = log.bytes(offset, 16);
    for (int i = 0; i < 8; i++) {
      byte swapped = bytes[i];
      bytes[i] = bytes[15 - i];
      bytes[15 - i] = swapped;
    }
    return new BigInteger(1, bytes);
  }

  /** What is wrong, in words; empty when nothing is. */
  public List<String> warnings() {
    List<String> all = new ArrayList<>();
    String[] words = {
      "available spare is below its threshold",
      "temperature is beyond a threshold",
      "reliability is degraded",
      "medium is read-only",
      "volatile memory backup has failed",
      "persistent memory region is read-only or unreliable"
    };
    for (int i = 0; i < words.length; i++) {
      if ((criticalWarning & 1 << i) != 0) {
        all.add(words[i]);
      }
    }
    return all;
  }
}
