package io.millrace.scsi;

/** What becomes of the data of a command, as its transport has to know. */
public enum DataPhase {
  /** There is none. */
  NONE,
  /** Goes from the initiator's memory to the disk: the task's segments. */
  TO_DISK,
  /** Comes from the disk into the initiator's memory: the task's segments. */
  FROM_DISK,
  /** Goes to the device server, before it begins: {@link ScsiTask#parameters}. */
  PARAMETERS,
  /** Blocks that go to the device server, before it begins: {@link ScsiTask#blocks}. */
  BLOCKS,
  /** Comes from the device server when the command is done: {@link ScsiTask#answer}. */
  ANSWER
}
