Reservations, by two initiators: the kernel's two controllers. PRGENERATION counts what SPC-5 §5.13 lists.

## PERSISTENT RESERVE IN (REPORT CAPABILITIES) by sg_persist

All types; they can outlive the server (PTPL_C), as it has a state directory.

  $ sg_persist --no-inquiry --in --report-capabilities /dev/sg0
  Report capabilities response:
    Replace Lost Reservation Capable(RLR_C): 0
    Compatible Reservation Handling(CRH): 1
    Specify Initiator Ports Capable(SIP_C): 1
    All Target Ports Capable(ATP_C): 1
    Persist Through Power Loss Capable(PTPL_C): 1
    Type Mask Valid(TMV): 1
    Allow Commands: 3
    Persist Through Power Loss Active(PTPL_A): 0
      Support indicated in Type mask:
        Write Exclusive, all registrants: 1
        Exclusive Access, registrants only: 1
        Write Exclusive, registrants only: 1
        Exclusive Access: 1
        Write Exclusive: 1
        Exclusive Access, all registrants: 1

## PERSISTENT RESERVE OUT (REGISTER) by sg_persist

Who is not registered gives 0 as its key; anything else is a RESERVATION CONFLICT (SPC-5 §5.13).

  $ sg_persist --no-inquiry --out --register --param-sark=a0 /dev/sg0
  $ sg_persist --no-inquiry --out --register --param-rk=99 --param-sark=b1 /dev/sg1
  PR out (Register): Reservation conflict
  sg_persist failed: Reservation conflict
  [24]
  $ sg_persist --no-inquiry --out --register --param-aptpl --param-sark=b1 /dev/sg1
  $ sg_persist --no-inquiry --in --report-capabilities /dev/sg0 | grep Active
    Persist Through Power Loss Active(PTPL_A): 1

## PERSISTENT RESERVE IN (READ KEYS) by sg_persist

  $ sg_persist --no-inquiry --in --read-keys /dev/sg0
    PR generation=0x2, 2 registered reservation keys follow:
      0xa0
      0xb1

## PERSISTENT RESERVE IN (READ RESERVATION) by sg_persist

  $ sg_persist --no-inquiry --in --read-reservation /dev/sg0
    PR generation=0x2, there is NO reservation held

## PERSISTENT RESERVE OUT (RESERVE) by sg_persist

Write exclusive: the other one reads, and does not write. Type 2 is obsolete (05/24/00, the field of byte 2).

  $ sg_persist --no-inquiry --out --reserve --param-rk=a0 --prout-type=1 /dev/sg0
  $ sg_persist --no-inquiry --in --read-reservation /dev/sg1
    PR generation=0x2, Reservation follows:
      Key=0xa0
      scope: LU_SCOPE,  type: Write Exclusive
  $ sg_persist --no-inquiry --out --reserve --param-rk=b1 --prout-type=1 /dev/sg1
  PR out (Reserve): Reservation conflict
  sg_persist failed: Reservation conflict
  [24]
  $ sg_raw --send=512 --infile=/dev/zero /dev/sg1 2a 00 00 00 00 00 00 00 01 00
  >>> unknown pass through result category (1)
  SCSI Status: Reservation Conflict
  [24]
  $ sg_raw --request=512 --outfile=r /dev/sg1 28 00 00 00 00 00 00 00 01 00
  SCSI Status: Good
  Writing 512 bytes of data to r
  $ sg_persist --verbose --no-inquiry --out --reserve --param-rk=a0 --prout-type=2 /dev/sg0
      Persistent reservation out cdb: [5f 01 02 00 00 00 00 00 18 00]
  Persistent reservation out:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 2 bit 3
  PR out (Reserve): bad field in cdb or parameter list (perhaps unsupported service action)
  [5]

## PERSISTENT RESERVE IN (READ FULL STATUS) by sg_persist

  $ sg_persist --no-inquiry --in --read-full-status /dev/sg0
    PR generation=0x2
      Key=0xa0
        All target ports bit clear
        Relative port address: 0x1
        << Reservation holder >>
        scope: LU_SCOPE,  type: Write Exclusive
        Transport Id of initiator:
          SAS address: 0x3fdbe1f9197c83ea
      Key=0xb1
        All target ports bit clear
        Relative port address: 0x2
        not reservation holder
        Transport Id of initiator:
          SAS address: 0x3f2ef09c1e4ac3a4
  $ sg_persist --no-inquiry --in --read-full-status --hex /dev/sg0
    PR generation=0x2, Additional length=96
   00     00 00 00 00 00 00 00 a0  00 00 00 00 01 01 00 00
   10     00 00 00 01 00 00 00 18  06 00 00 00 3f db e1 f9
   20     19 7c 83 ea 00 00 00 00  00 00 00 00 00 00 00 00
   30     00 00 00 00 00 00 00 b1  00 00 00 00 00 00 00 00
   40     00 00 00 02 00 00 00 18  06 00 00 00 3f 2e f0 9c
   50     1e 4a c3 a4 00 00 00 00  00 00 00 00 00 00 00 00

## PERSISTENT RESERVE OUT (RELEASE) by sg_persist

Of another type than is held: 05/26/04, INVALID RELEASE OF PERSISTENT RESERVATION.

  $ sg_persist --verbose --no-inquiry --out --release --param-rk=a0 --prout-type=3 /dev/sg0
      Persistent reservation out cdb: [5f 02 03 00 00 00 00 00 18 00]
  Persistent reservation out:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid release of persistent reservation
  PR out (Release): bad field in cdb or parameter list (perhaps unsupported service action)
  [5]
  $ sg_persist --no-inquiry --out --release --param-rk=a0 --prout-type=1 /dev/sg0
  $ sg_persist --no-inquiry --in --read-reservation /dev/sg1
    PR generation=0x2, there is NO reservation held

## PERSISTENT RESERVE OUT (PREEMPT) by sg_persist

The holder's registration is gone, it is told (2A/05), and the one that preempted holds: exclusive access.

  $ sg_persist --no-inquiry --out --reserve --param-rk=a0 --prout-type=6 /dev/sg0
  $ sg_persist --no-inquiry --out --preempt --param-rk=b1 --param-sark=a0 --prout-type=3 /dev/sg1
  $ sg_requests --hex /dev/sg0
   00     70 00 06 00 00 00 00 0a  00 00 00 00 2a 05 00 00
   10     00 00
  $ sg_persist --no-inquiry --in --read-keys /dev/sg0
    PR generation=0x3, 1 registered reservation key follows:
      0xb1
  $ sg_persist --no-inquiry --in --read-reservation /dev/sg0
    PR generation=0x3, Reservation follows:
      Key=0xb1
      scope: LU_SCOPE,  type: Exclusive Access
  $ sg_raw --request=512 /dev/sg0 28 00 00 00 00 00 00 00 01 00
  >>> unknown pass through result category (1)
  SCSI Status: Reservation Conflict
  Error 24 occurred, no data received
  [24]

## PERSISTENT RESERVE OUT (REGISTER AND IGNORE EXISTING KEY) by sg_persist

  $ sg_persist --no-inquiry --out --register-ignore --param-sark=a1 /dev/sg0
  $ sg_persist --no-inquiry --out --register-ignore --param-sark=a2 /dev/sg0

## PERSISTENT RESERVE OUT (PREEMPT AND ABORT) by sg_persist

  $ sg_persist --no-inquiry --out --preempt-abort --param-rk=a2 --param-sark=b1 --prout-type=5 /dev/sg0
  $ sg_requests --hex /dev/sg1
   00     70 00 06 00 00 00 00 0a  00 00 00 00 2a 05 00 00
   10     00 00
  $ sg_persist --no-inquiry --in --read-reservation /dev/sg1
    PR generation=0x6, Reservation follows:
      Key=0xa2
      scope: LU_SCOPE,  type: Write Exclusive, registrants only

## PERSISTENT RESERVE OUT (REGISTER AND MOVE) by sg_persist

The reservation goes to the other initiator by the other port, with a key of its own; UNREG ends the mover's registration.

  $ sg_persist --no-inquiry --out --register-move --unreg --param-rk=a2 --param-sark=b3 --relative-target-port=2 --transport-id=sas,3f2ef09c1e4ac3a4 /dev/sg0
  $ sg_persist --no-inquiry --in --read-full-status /dev/sg0
    PR generation=0x7
      Key=0xb3
        All target ports bit clear
        Relative port address: 0x2
        << Reservation holder >>
        scope: LU_SCOPE,  type: Write Exclusive, registrants only
        Transport Id of initiator:
          SAS address: 0x3f2ef09c1e4ac3a4

## PERSISTENT RESERVE OUT (CLEAR) by sg_persist

Every other registrant is told (2A/03). There is no REPLACE LOST RESERVATION (RLR_C is 0): 05/24/00, the field of byte 1.

  $ sg_persist --no-inquiry --out --register --param-sark=a3 /dev/sg0
  $ sg_persist --no-inquiry --out --clear --param-rk=b3 /dev/sg1
  $ sg_requests --hex /dev/sg0
   00     70 00 06 00 00 00 00 0a  00 00 00 00 2a 03 00 00
   10     00 00
  $ sg_persist --no-inquiry --in --read-keys /dev/sg0
    PR generation=0x9, there are NO registered reservation keys
  $ sg_persist --verbose --no-inquiry --out --replace-lost --param-sark=1 --prout-type=1 /dev/sg0
      Persistent reservation out cdb: [5f 08 01 00 00 00 00 00 18 00]
  Persistent reservation out:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 1 bit 4
  PR out (Replace lost reservation): bad field in cdb or parameter list (perhaps unsupported service action)
  [5]

## RESERVE(6), RELEASE(6) by sg_raw

SPC-2 §7.21, §7.16: others are kept out of all but INQUIRY and the like; a RELEASE of theirs is GOOD and does nothing.

  $ sg_raw /dev/sg0 16 00 00 00 00 00
  SCSI Status: Good
  $ sg_raw /dev/sg1 00 00 00 00 00 00
  >>> unknown pass through result category (1)
  SCSI Status: Reservation Conflict
  [24]
  $ sg_raw /dev/sg1 16 00 00 00 00 00
  >>> unknown pass through result category (1)
  SCSI Status: Reservation Conflict
  [24]
  $ sg_raw /dev/sg1 17 00 00 00 00 00
  SCSI Status: Good
  $ sg_raw /dev/sg1 00 00 00 00 00 00
  >>> unknown pass through result category (1)
  SCSI Status: Reservation Conflict
  [24]
  $ sg_inq --only /dev/sg1 | head -n 1
  standard INQUIRY:
  $ sg_raw /dev/sg0 17 00 00 00 00 00
  SCSI Status: Good
  $ sg_raw /dev/sg1 00 00 00 00 00 00
  SCSI Status: Good

## RESERVE(10), RELEASE(10) by sg_raw

START is let through and STOP is not; PREVENT is not and ALLOW is.

  $ sg_raw /dev/sg1 56 00 00 00 00 00 00 00 00 00
  SCSI Status: Good
  $ sg_persist --no-inquiry --in --read-keys /dev/sg0
  PR in (Read keys): Reservation conflict
  sg_persist failed: Reservation conflict
  [24]
  $ sg_start --start /dev/sg0
  $ sg_raw /dev/sg0 1b 00 00 00 00 00
  >>> unknown pass through result category (1)
  SCSI Status: Reservation Conflict
  [24]
  $ sg_prevent --allow /dev/sg0
  $ sg_raw /dev/sg0 1e 00 00 00 01 00
  >>> unknown pass through result category (1)
  SCSI Status: Reservation Conflict
  [24]
  $ sg_raw /dev/sg1 57 00 00 00 00 00 00 00 00 00
  SCSI Status: Good
  $ sg_raw /dev/sg0 00 00 00 00 00 00
  SCSI Status: Good
