What is refused, and how: every answer is CHECK CONDITION with fixed format sense data.

## TEST UNIT READY by sg_raw

Operation codes that there are not: 05/20/00.

  $ sg_raw /dev/sg0 c0 00 00 00 00 00
  SCSI Status: Check Condition
  Sense Information:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid command operation code
  [9]
  $ sg_raw /dev/sg0 3c 00 00 00 00 00 00 00 00 00
  SCSI Status: Check Condition
  Sense Information:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid command operation code
  [9]

Bits that are reserved, here and in the CONTROL byte (NACA): 05/24/00 with a field pointer (SPC-5 §4.4.2.4.2).

  $ sg_raw /dev/sg0 00 00 00 00 01 00
  SCSI Status: Check Condition
  Sense Information:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 4 bit 0
  [5]
  $ sg_raw /dev/sg0 00 00 00 00 00 04
  SCSI Status: Check Condition
  Sense Information:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 5 bit 2
  [5]

## READ(10), READ(16), WRITE(10) by sg_raw

Blocks that are not there: 05/21/00, of the first one, of the last one, and with all bits of an LBA. None at the end is none.

  $ sg_raw --request=512 /dev/sg0 28 00 00 00 80 00 00 00 01 00
  SCSI Status: Check Condition
  Sense Information:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Logical block address out of range
  Error 22 occurred, no data received
  [22]
  $ sg_raw --request=1024 /dev/sg0 28 00 00 00 7f ff 00 00 02 00
  SCSI Status: Check Condition
  Sense Information:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Logical block address out of range
  Error 22 occurred, no data received
  [22]
  $ sg_raw --request=512 /dev/sg0 88 00 ff ff ff ff ff ff ff ff 00 00 00 01 00 00
  SCSI Status: Check Condition
  Sense Information:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Logical block address out of range
  Error 22 occurred, no data received
  [22]
  $ sg_raw --send=512 --infile=/dev/zero /dev/sg0 2a 00 00 00 80 00 00 00 01 00
  SCSI Status: Check Condition
  Sense Information:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Logical block address out of range
  [22]
  $ sg_raw /dev/sg0 28 00 00 00 80 00 00 00 00 00
  SCSI Status: Good

More than MAXIMUM TRANSFER LENGTH: the field of the length.

  $ sg_raw --request=512 /dev/sg0 28 00 00 00 00 00 00 20 01 00
  SCSI Status: Check Condition
  Sense Information:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 7
  Error 5 occurred, no data received
  [5]

## READ(10), WRITE(10), VERIFY(10), READ(32) by sg_raw

Protection information (PROTECT of INQUIRY is 0) and a group number (GROUP_SUP is 0). BIT POINTER is the most significant bit of
the field, whatever its value.

  $ sg_raw --request=512 /dev/sg0 28 20 00 00 00 00 00 00 01 00
  SCSI Status: Check Condition
  Sense Information:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 1 bit 7
  Error 5 occurred, no data received
  [5]
  $ sg_raw --send=512 --infile=/dev/zero /dev/sg0 2a 40 00 00 00 00 00 00 01 00
  SCSI Status: Check Condition
  Sense Information:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 1 bit 7
  [5]
  $ sg_raw /dev/sg0 2f 20 00 00 00 00 00 00 01 00
  SCSI Status: Check Condition
  Sense Information:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 1 bit 7
  [5]
  $ sg_raw --cmdset=1 --request=512 /dev/sg0 7f 00 00 00 00 00 00 18 00 09 20 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01
  SCSI Status: Check Condition
  Sense Information:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 10 bit 7
  Error 5 occurred, no data received
  [5]
  $ sg_raw --request=512 /dev/sg0 28 00 00 00 00 00 01 00 01 00
  SCSI Status: Check Condition
  Sense Information:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 6 bit 5
  Error 5 occurred, no data received
  [5]

## READ(32) by sg_raw

Service actions that there are not: byte 1, bit 4; and of a CDB with 32 bytes the whole field at byte 8. A wrong ADDITIONAL CDB
LENGTH.

  $ sg_raw --request=512 /dev/sg0 9e 1f 00 00 00 00 00 00 00 00 00 00 02 00 00 00
  SCSI Status: Check Condition
  Sense Information:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 1 bit 4
  Error 5 occurred, no data received
  [5]
  $ sg_raw --cmdset=1 --request=512 /dev/sg0 7f 00 00 00 00 00 00 18 00 1f 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01
  SCSI Status: Check Condition
  Sense Information:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 8
  Error 5 occurred, no data received
  [5]
  $ sg_raw --cmdset=1 --request=512 /dev/sg0 7f 00 00 00 00 00 00 10 00 09 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01
  SCSI Status: Check Condition
  Sense Information:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 7
  Error 5 occurred, no data received
  [5]

## INQUIRY, REPORT LUNS by sg_raw

A page without EVPD, a page that there is not, and less room than a REPORT LUNS needs (SPC-5 §6.31).

  $ sg_raw --request=512 /dev/sg0 12 00 80 00 60 00
  SCSI Status: Check Condition
  Sense Information:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 2
  Error 5 occurred, no data received
  [5]
  $ sg_raw --request=512 /dev/sg0 12 01 b5 00 60 00
  SCSI Status: Check Condition
  Sense Information:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 2
  Error 5 occurred, no data received
  [5]
  $ sg_raw --request=512 /dev/sg0 a0 00 00 00 00 00 00 00 00 08 00 00
  SCSI Status: Check Condition
  Sense Information:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 6
  Error 5 occurred, no data received
  [5]

## SEND DIAGNOSTIC, START STOP UNIT by sg_raw

Fields of several bits again: SELF-TEST CODE and POWER CONDITION.

  $ sg_raw /dev/sg0 1d 20 00 00 00 00
  SCSI Status: Check Condition
  Sense Information:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 1 bit 7
  [5]
  $ sg_raw /dev/sg0 1b 00 00 00 10 00
  SCSI Status: Check Condition
  Sense Information:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 4 bit 7
  [5]
