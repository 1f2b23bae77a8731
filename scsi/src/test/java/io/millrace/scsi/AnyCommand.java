package io.millrace.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevDescriptor;
import io.millrace.bdev.BdevIo;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Does commands of any bytes and looks at everything they may not do. A disk of 2 MiB is at LUN 0,
 * for reading at LUN 1, another at LUN 2, none at LUN 3.
 */
final class AnyCommand implements AutoCloseable {
  /** LUN, attribute, CDB and the seed of the data. */
  static final int RECORD_BYTES = 2 + ScsiTask.MAX_CDB_BYTES + 6;

  private static final Set<Integer> STATUSES =
      Set.of(
          ScsiStatus.GOOD,
          ScsiStatus.CHECK_CONDITION,
          ScsiStatus.CONDITION_MET,
          ScsiStatus.BUSY,
          ScsiStatus.RESERVATION_CONFLICT,
          ScsiStatus.TASK_SET_FULL);
  private static final int GUARD = 4096;
  private static final byte GUARDED = 0x5a;
  private static final int MOST_DATA = 4 << 20;
  private static final int DISK_BYTES = ScsiRig.BLOCKS * ScsiRig.BLOCK;
  private static final int MOST_STEPS = 2_000; // of a turn each, 2 MiB need 16
  private static final int LOOKED_AT_ONE_IN = 16;
  private static final TaskAttribute[] ATTRIBUTES = TaskAttribute.values();

  private final ScsiRig rig = new ScsiRig();
  private final Mapping memory = Mapping.anonymous(MOST_DATA + 2 * GUARD, false);
  private final long data = memory.address() + GUARD;
  private final Mapping copy = Mapping.anonymous(DISK_BYTES, false);
  private final BdevDescriptor descriptor;
  private final BdevChannel channel;
  private int commands;
  int good;
  private final byte[] disk = new byte[DISK_BYTES];
  private final byte[] seen = new byte[DISK_BYTES];

  private static final class Task extends ScsiTask {
    int ends;

    @Override
    protected void ended() {
      ends++;
    }
  }

  private final Task task = new Task();

  AnyCommand() throws Exception {
    rig.add("t", 0, rig.malloc("disk"), false);
    rig.add("t", 1, rig.bdevs.get("disk"), true);
    rig.add("t", 2, rig.malloc("other"), false);
    descriptor = rig.bdevs.open("disk", false, new ScsiRig.Steadfast());
    channel = descriptor.openChannel(rig.reactor);
    new Random(1).nextBytes(disk);
    rig.settle("a", "t", 0);
    rig.run("aa 00 00 00 00 00 00 00 10 00 00 00", disk.clone());
    for (int lun = 0; lun < 3; lun++) {
      rig.settle("a", "t", lun);
    }
    RawMemory.fill(memory.address(), memory.size(), GUARDED);
  }

  /** Does the command of a record, which may be cut off by the end of the input. */
  void run(byte[] input, int at) {
    byte[] record = Arrays.copyOfRange(input, at, Math.min(input.length, at + RECORD_BYTES));
    record = Arrays.copyOf(record, RECORD_BYTES);
    int lun = record[0] & 3;
    LunPath path = rig.path("a", "t", lun);
    System.arraycopy(record, 2, task.cdb(), 0, ScsiTask.MAX_CDB_BYTES);
    task.ends = 0;
    task.begin(at, ATTRIBUTES[record[1] & 3]);
    path.prepare(task);
    bring(record);
    path.submit(task);
    for (int i = 0; task.ends == 0; i++) {
      assertThat(i).as("steps of %s", task).isLessThan(MOST_STEPS);
      rig.step();
    }
    rig.step();

    assertThat(task.ends).as("ends of %s", task).isEqualTo(1);
    good += task.status() == ScsiStatus.GOOD ? 1 : 0;
    checkEnd();
    checkMemory();
    checkDisk(lun);
  }

  private void bring(byte[] record) {
    long bytes = task.dataBytes();
    DataPhase phase = task.phase();
    if (phase != DataPhase.ANSWER) {
      assertThat(bytes).isBetween(0L, (long) MOST_DATA);
    }
    byte[] some = Arrays.copyOfRange(record, 2 + ScsiTask.MAX_CDB_BYTES, RECORD_BYTES);
    switch (phase) {
      case NONE -> assertThat(bytes).isZero();
      case ANSWER -> {}
      case PARAMETERS -> fill(task.parameters(), (int) bytes, some);
      case BLOCKS -> {
        byte[] blocks = new byte[(int) bytes];
        fill(blocks, blocks.length, some);
        RawMemory.put(blocks, 0, blocks.length, task.blocks());
      }
      case TO_DISK, FROM_DISK -> {
        assertThat(bytes).isEqualTo(task.lengthBytes());
        for (long done = 0; done < bytes; done += 1 << 20) {
          task.addSegment(data + done, (int) Math.min(1 << 20, bytes - done));
        }
      }
    }
  }

  private static void fill(byte[] to, int bytes, byte[] with) {
    for (int i = 0; i < bytes; i++) {
      to[i] = with[i % with.length];
    }
  }

  private void checkEnd() {
    assertThat(task.status()).as("status of %s", task).isIn(STATUSES);
    assertThat(task.outcome()).isEqualTo(Outcome.COMPLETE);
    boolean checked = task.status() == ScsiStatus.CHECK_CONDITION;
    assertThat(task.senseBytes() > 0).as("sense of %s", task).isEqualTo(checked);
    assertThat(task.blocks).isNull();
    if (checked) {
      checkSense(task.sense(), task.senseBytes());
    }
    Answer answer = task.answerOrNull();
    if (answer != null) {
      long room = task.phase() == DataPhase.ANSWER ? task.dataBytes() : 0;
      assertThat((long) answer.size()).as("answer of %s", task).isBetween(0L, room);
    }
    assertThat(rig.path("a", "t", 0).newest()).isNull();
  }

  private static void checkSense(byte[] sense, int bytes) {
    int format = sense[0] & 0x7f;
    assertThat(format).isIn(0x70, 0x72);
    assertThat(bytes).isEqualTo(8 + (sense[7] & 0xff));
    int key = format == 0x70 ? sense[2] & 0xf : sense[1] & 0xf;
    int code = BigEndian.get16(sense, format == 0x70 ? 12 : 2);
    assertThat(Arrays.stream(SenseKey.values()).anyMatch(each -> each.code == key)).isTrue();
    assertThat(
            Arrays.stream(Sense.values())
                    .anyMatch(each -> each.code == code && each.key.code == key)
                || Arrays.stream(UnitAttention.values()).anyMatch(each -> each.code == code))
        .as("sense %x/%04x", key, code)
        .isTrue();
  }

  private void checkMemory() {
    boolean hasBlocks = task.phase() == DataPhase.FROM_DISK || task.phase() == DataPhase.TO_DISK;
    long used = hasBlocks ? task.dataBytes() : 0;
    assertThat(isGuarded(memory.address(), GUARD)).as("memory before that of %s", task).isTrue();
    assertThat(isGuarded(data + used, GUARD)).as("memory behind that of %s", task).isTrue();
    RawMemory.fill(data, used, GUARDED);
  }

  private static boolean isGuarded(long address, int bytes) {
    for (int i = 0; i < bytes; i++) {
      if (RawMemory.getByte(address + i) != GUARDED) {
        return false;
      }
    }
    return true;
  }

  /** Blocks that the CDB is not about are as they were, and all are if it was not done. */
  private void checkDisk(int lun) {
    ScsiCommand command = task.command;
    long from = 0;
    long to = 0;
    if (command != null && lun == 0 && task.status() == ScsiStatus.GOOD) {
      if (command.name().equals("UNMAP")) {
        to = ScsiRig.BLOCKS; // its list says what it is about
      } else if (command.access == Access.WRITE && command.lba.width() > 0) {
        from = task.lba();
        to = from + blocks(command, from);
      }
    }
    if (to == 0 && ++commands % LOOKED_AT_ONE_IN != 0) {
      return; // 2 MiB each time take their time
    }
    read();
    int first = (int) from * ScsiRig.BLOCK;
    int end = (int) to * ScsiRig.BLOCK;
    assertThat(Arrays.mismatch(seen, 0, first, disk, 0, first)).as("before %s", task).isNegative();
    assertThat(Arrays.mismatch(seen, end, DISK_BYTES, disk, end, DISK_BYTES))
        .as("behind %s", task)
        .isNegative();
    System.arraycopy(seen, 0, disk, 0, DISK_BYTES);
  }

  private long blocks(ScsiCommand command, long from) {
    if (task.length() != 0) {
      return task.length();
    }
    boolean toTheEnd = command.name().startsWith("WRITE SAME");
    boolean is256 = command.name().equals("WRITE(6)");
    return toTheEnd ? ScsiRig.BLOCKS - from : is256 ? 256 : 0;
  }

  /** The whole disk, past all of SCSI. */
  private void read() {
    Raw io = new Raw();
    io.begin(IoType.READ, 0, DISK_BYTES);
    io.addSegment(copy.address(), DISK_BYTES);
    channel.submit(io); // a disk in memory is done with it when this returns
    assertThat(io.status).isEqualTo(IoStatus.SUCCESS);
    RawMemory.get(copy.address(), seen, 0, DISK_BYTES);
  }

  private static final class Raw extends BdevIo {
    @Nullable IoStatus status;

    Raw() {
      super(1);
    }

    @Override
    protected void completed(IoStatus ioStatus) {
      status = ioStatus;
    }
  }

  @Override
  public void close() {
    descriptor.closeChannel(channel);
    rig.close();
    memory.close();
    copy.close();
  }
}
