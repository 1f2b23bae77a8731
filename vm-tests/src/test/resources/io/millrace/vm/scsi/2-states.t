What a disk does that is not about its blocks.

## TEST UNIT READY by sg_turs

  $ sg_turs --number=3 /dev/sg0
  Completed 3 Test Unit Ready commands with 0 errors

## START STOP UNIT by sg_start

SBC-4 §5.31: while it is stopped, nothing about the medium is done by either port (02/04/02, INITIALIZING COMMAND REQUIRED);
INQUIRY and REQUEST SENSE are. The medium does not come out, and there are no power conditions.

  $ sg_start --stop /dev/sg0
  $ sg_turs --verbose /dev/sg0
      test unit ready cdb: [00 00 00 00 00 00]
  test unit ready:
  Fixed format, current; Sense key: Not Ready
  Additional sense: Logical unit not ready, initializing command required
  device not ready
  Completed 1 Test Unit Ready commands with 1 errors
  [2]
  $ sg_raw --request=512 /dev/sg1 28 00 00 00 00 00 00 00 01 00
  SCSI Status: Check Condition
  Sense Information:
  Fixed format, current; Sense key: Not Ready
  Additional sense: Logical unit not ready, initializing command required
  Error 2 occurred, no data received
  [2]
  $ sg_requests --hex /dev/sg0
   00     70 00 02 00 00 00 00 0a  00 00 00 00 04 02 00 00
   10     00 00
  $ sg_inq --only /dev/sg0 | head -n 1
  standard INQUIRY:
  $ sg_start --start /dev/sg1
  $ sg_turs /dev/sg0
  $ sg_start --stop --noflush /dev/sg0
  $ sg_start --start /dev/sg0
  $ sg_start --verbose --eject /dev/sg0
      start stop unit cdb: [1b 00 00 00 02 00]
  start stop unit:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 4 bit 1
  Illegal request, type: sense key, apart from Invalid opcode
  START STOP UNIT command failed
  [5]
  $ sg_start --verbose --pc=3 /dev/sg0
      start stop unit cdb: [1b 00 00 00 30 00]
  start stop unit:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 4 bit 7
  Illegal request, type: sense key, apart from Invalid opcode
  START STOP UNIT command failed
  [5]

## REQUEST SENSE by sg_requests

SPC-5 §6.36: nothing to tell, in either format.

  $ sg_requests --hex /dev/sg0
   00     70 00 00 00 00 00 00 0a  00 00 00 00 00 00 00 00
   10     00 00
  $ sg_requests --hex --desc /dev/sg0
   00     72 00 00 00 00 00 00 00

## PREVENT ALLOW MEDIUM REMOVAL by sg_prevent

SBC-4 §5.17: what cannot happen is prevented at once; the values 10b and 11b are obsolete.

  $ sg_prevent /dev/sg0
  $ sg_prevent --allow /dev/sg0
  $ sg_prevent --verbose --prevent=2 /dev/sg0
      prevent allow medium removal cdb: [1e 00 00 00 02 00]
  prevent allow medium removal:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 4 bit 1
  Prevent allow medium removal: Illegal request, type: sense key, apart from Invalid opcode
  [5]

## SEND DIAGNOSTIC by sg_senddiag

SPC-5 §6.40: the default self-test, and the one diagnostic page that there is; no self-tests in the background.

  $ sg_senddiag --test /dev/sg0
  Default self-test returned GOOD status
  $ sg_senddiag --pf --raw=0,0,0,0 /dev/sg0
  $ sg_senddiag --verbose --selftest=1 /dev/sg0
      Send diagnostic cdb: [1d 20 00 00 00 00]
  Send diagnostic:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 1 bit 7
  SEND DIAGNOSTIC command, failed
    try again with '-vv' for more information
  [5]

## RECEIVE DIAGNOSTIC RESULTS by sg_senddiag

  $ sg_senddiag --list /dev/sg0
  Supported diagnostic pages response:
    0x00  Supported diagnostic pages
  $ sg_senddiag --page=0 --hex /dev/sg0
  Supported diagnostic pages response:
   00     00 00 00 01 00
  $ sg_senddiag --verbose --page=0x40 /dev/sg0
      Receive diagnostic results cdb: [1c 01 40 10 00 00]
  Receive diagnostic results:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 2
  RECEIVE DIAGNOSTIC RESULTS command failed
    try again with '-vv' for more information

## TEST UNIT READY by sg_turs

A reset of the logical unit: both initiators are told, once (SAM-6 §6.3.3, 06/29/03).

  $ sg_reset --device /dev/sg0
  $ sg_turs --verbose /dev/sg0
      test unit ready cdb: [00 00 00 00 00 00]
  test unit ready:
  Fixed format, current; Sense key: Unit Attention
  Additional sense: Bus device reset function occurred
  Unit attention, type: sense key
  [6]
  $ sg_turs /dev/sg0
  $ sg_turs --verbose /dev/sg1
      test unit ready cdb: [00 00 00 00 00 00]
  test unit ready:
  Fixed format, current; Sense key: Unit Attention
  Additional sense: Bus device reset function occurred
  Unit attention, type: sense key
  [6]
  $ sg_turs /dev/sg1
