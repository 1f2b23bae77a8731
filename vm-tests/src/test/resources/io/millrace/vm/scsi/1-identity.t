What a disk says of itself. /dev/sg0 and /dev/sg1 are the same disk behind two controllers, so behind two target ports.
Its UUID is 4d696c6c-7261-4365-8053-435349746f6f, it has 32768 blocks of 512 bytes in an image of a file system with 4096.

## INQUIRY by sg_inq

SPC-5 §6.7.2: a disk (PDT 0) at this LUN (qualifier 0) that is not removable; SPC-5 (07h), HISUP as its LUNs are
hierarchical, TPGS 01b (implicit), MULTIP as there are two ports, CMDQUE. The versions of annex C stand at byte 58.

  $ sg_inq --only --descriptors /dev/sg0
  standard INQUIRY:
    PQual=0  PDT=0  RMB=0  LU_CONG=0  hot_pluggable=0  version=0x07  [SPC-5]
    [AERC=0]  [TrmTsk=0]  NormACA=0  HiSUP=1  Resp_data_format=2
    SCCS=0  ACC=0  TPGS=1  3PC=0  Protect=0  [BQue=0]
    EncServ=0  MultiP=1 (VS=0)  [MChngr=0]  [ACKREQQ=0]  Addr16=0
    [RelAdr=0]  WBus16=0  Sync=0  [Linked=0]  [TranDis=0]  CmdQue=1
    [SPI: Clocking=0x0  QAS=0  IUS=0]
      length=96 (0x60)   Peripheral device type: disk
   Vendor identification: MILLRACE
   Product identification: AIO disk
   Product revision level: 0001
    Version descriptors:
      SAM-6 (no version claimed)
      SPC-5 (no version claimed)
      SBC-4 (no version claimed)
  $ sg_inq --only --raw /dev/sg0 | xxd -p -c 32
  000007125b1010024d494c4c5241434541494f206469736b2020202020202020
  303030310000000000000000000000000000000000000000000000c005c00600
  0000000000000000000000000000000000000000000000000000000000000000

The answer ends at the allocation length; its own length fields stay what they are.

  $ sg_raw --request=512 /dev/sg0 12 00 00 00 05 00
  SCSI Status: Good
  Received 5 bytes of data:
   00     00 00 07 12 5b                                      ....[
  $ sg_raw --request=512 /dev/sg0 12 01 83 00 08 00
  SCSI Status: Good
  Received 8 bytes of data:
   00     00 83 00 a6 01 03 00 08                             ........
  $ sg_raw --request=512 /dev/sg0 12 00 00 00 00 00
  SCSI Status: Good
  No data received

## INQUIRY by sg_vpd

The pages of docs/scsi.md and none else, in ascending order (SPC-5 §7.7.19). Serial number and UUID designator are the bdev's
UUID; the NAA designators are locally assigned (3h).

  $ sg_vpd --page=sv /dev/sg0
  Supported VPD pages VPD page:
    Supported VPD pages [sv]
    Unit serial number [sn]
    Device identification [di]
    Management network addresses [mna]
    Extended inquiry data [ei]
    Mode page policy [mpp]
    SCSI ports [sp]
    Block limits (SBC) [bl]
    Block device characteristics (SBC) [bdc]
    Logical block provisioning (SBC) [lbpv]
    Block limits extension (SBC) [ble]
  $ sg_vpd --page=sn /dev/sg0
  Unit serial number VPD page:
    Unit serial number: 4d696c6c-7261-4365-8053-435349746f6f
  $ sg_vpd --page=di /dev/sg0
  Device Identification VPD page:
    Addressed logical unit:
      designator type: NAA,  code set: Binary
        0x396f99381842935a
      designator type: T10 vendor identification,  code set: ASCII
        vendor id: MILLRACE
        vendor specific: 4d696c6c-7261-4365-8053-435349746f6f
      designator type: UUID identifier,  code set: Binary
        Locally assigned UUID: 4d696c6c-7261-4365-8053-435349746f6f
      designator type: SCSI name string,  code set: UTF-8
        SCSI name string:
        naa.396F99381842935A
    Target port:
      designator type: Relative target port,  code set: Binary
        Relative target port: 0x1
      designator type: Target port group,  code set: Binary
        Target port group: 0x1
      designator type: NAA,  code set: Binary
        0x36f2846895efd303
      designator type: SCSI name string,  code set: UTF-8
        SCSI name string:
        naa.36F2846895EFD303
  $ sg_vpd --page=di --raw /dev/sg0 | xxd -p -c 32
  008300a601030008396f99381842935a0201002c4d494c4c5241434534643639
  366336632d373236312d343336352d383035332d343335333439373436663666
  010a001210004d696c6c726143658053435349746f6f030800186e61612e3339
  3646393933383138343239333541000000000114000400000001011500040000
  00010113000836f2846895efd303031800186e61612e33364632383436383935
  45464433303300000000

By the other port only what is about the port differs.

  $ sg_vpd --page=di /dev/sg1
  Device Identification VPD page:
    Addressed logical unit:
      designator type: NAA,  code set: Binary
        0x396f99381842935a
      designator type: T10 vendor identification,  code set: ASCII
        vendor id: MILLRACE
        vendor specific: 4d696c6c-7261-4365-8053-435349746f6f
      designator type: UUID identifier,  code set: Binary
        Locally assigned UUID: 4d696c6c-7261-4365-8053-435349746f6f
      designator type: SCSI name string,  code set: UTF-8
        SCSI name string:
        naa.396F99381842935A
    Target port:
      designator type: Relative target port,  code set: Binary
        Relative target port: 0x2
      designator type: Target port group,  code set: Binary
        Target port group: 0x2
      designator type: NAA,  code set: Binary
        0x3c108532814223f6
      designator type: SCSI name string,  code set: UTF-8
        SCSI name string:
        naa.3C108532814223F6
  $ sg_vpd --page=mna --raw /dev/sg0 | xxd -p
  00850000
  $ sg_vpd --page=ei --long /dev/sg0
  extended INQUIRY data VPD page:
     [PQual=0  Peripheral device type: disk]
    ACTIVATE_MICROCODE=0
    SPT=0
    GRD_CHK=0
    APP_CHK=0
    REF_CHK=0
    UASK_SUP=0
    GROUP_SUP=0
    PRIOR_SUP=0
    HEADSUP=1
    ORDSUP=1
    SIMPSUP=1
    WU_SUP=0
    CRD_SUP=0
    NV_SUP=0
    V_SUP=1
    NO_PI_CHK=0
    P_I_I_SUP=0
    LUICLR=1
    LU_COLL_TYPE=0
    R_SUP=0
    RTD_SUP=0
    HSSRELEF=0
    CBCS=0
    Multi I_T nexus microcode download=0
    Extended self-test completion minutes=0
    POA_SUP=0
    HRA_SUP=0
    VSA_SUP=0
    DMS_VALID=0
    Maximum supported sense data length=32
    IBS=0
    IAS=0
    SAC=0
    NRD1=0
    NRD0=0
    Maximum inquiry change logs=0
    Maximum mode page change logs=0
    DM_MD_4=0
    DM_MD_5=0
    DM_MD_6=0
    DM_MD_7=0
    DM_MD_D=0
    DM_MD_E=0
    DM_MD_F=0
  $ sg_vpd --page=mpp /dev/sg0
  Mode page policy VPD page:
    Policy page code: 0x1
      MLUS=0,  Policy: shared
    Policy page code: 0x8
      MLUS=0,  Policy: shared
    Policy page code: 0xa
      MLUS=0,  Policy: shared
    Policy page code: 0xa,  subpage code: 0x1
      MLUS=0,  Policy: shared
    Policy page code: 0x1a
      MLUS=0,  Policy: shared
    Policy page code: 0x1c
      MLUS=0,  Policy: shared
  $ sg_vpd --page=sp /dev/sg0
  SCSI Ports VPD page:
    Relative port=1
      Target port descriptor(s):
        designator type: NAA,  code set: Binary
          0x36f2846895efd303
        designator type: SCSI name string,  code set: UTF-8
          SCSI name string:
          naa.36F2846895EFD303
    Relative port=2
      Target port descriptor(s):
        designator type: NAA,  code set: Binary
          0x3c108532814223f6
        designator type: SCSI name string,  code set: UTF-8
          SCSI name string:
          naa.3C108532814223F6

SBC-4 §6.6.4: 64 KiB a COMPARE AND WRITE, 4 MiB a transfer, 4 GiB an UNMAP or WRITE SAME.

  $ sg_vpd --page=bl /dev/sg0
  Block limits VPD page (SBC):
    Write same non-zero (WSNZ): 0
    Maximum compare and write length: 128 blocks
    Optimal transfer length granularity: 8 blocks
    Maximum transfer length: 8192 blocks
    Optimal transfer length: 2048 blocks
    Maximum prefetch transfer length: 0 blocks [ignored]
    Maximum unmap LBA count: 8388608
    Maximum unmap block descriptor count: 256
    Optimal unmap granularity: 8 blocks
    Unmap granularity alignment valid: true
    Unmap granularity alignment: 0
    Maximum write same length: 0x800000 blocks
    Maximum atomic transfer length: 0 blocks [not reported]
    Atomic alignment: 0 [unaligned atomic writes permitted]
    Atomic transfer length granularity: 0 [no granularity requirement
    Maximum atomic transfer length with atomic boundary: 0 blocks [not reported]
    Maximum atomic boundary size: 0 blocks [can only write atomic 1 block]
  $ sg_vpd --page=bdc /dev/sg0
  Block device characteristics VPD page (SBC):
    Non-rotating medium (e.g. solid state)
    Product type: Not specified
    WABEREQ=0
    WACEREQ=0
    Nominal form factor not reported
    ZONED=0
    RBWZ=0
    BOCS=0
    FUAB=0
    VBULS=1
    DEPOPULATION_TIME=0 (seconds)

Thin, as a file system gives storage back; LBPRZ 000b here is LBPRZ 0 of READ CAPACITY(16) (SBC-4 §6.6.8).

  $ sg_vpd --page=lbpv /dev/sg0
  Logical block provisioning VPD page (SBC):
    Unmap command supported (LBPU): 1
    Write same (16) with unmap bit supported (LBPWS): 1
    Write same (10) with unmap bit supported (LBPWS10): 1
    Logical block provisioning read zeros (LBPRZ): 0
    Anchored LBAs supported (ANC_SUP): 0
    Threshold exponent: 0 [threshold sets not supported]
    Descriptor present (DP): 0
    Minimum percentage: 0 [not reported]
    Provisioning type: 2 (thin provisioned)
    Threshold percentage: 0 [percentages not supported]
  $ sg_vpd --page=ble /dev/sg0
  Block limits extension VPD page (SBC):
    Maximum number of streams: 0 [Stream control not supported]
    Optimal stream write size: 0 blocks
    Stream granularity size: 0
    Maximum scattered LBA range transfer length: 0 blocks [not reported]
    Maximum scattered LBA range descriptor count: 0 [not reported]
    Maximum scattered transfer length: 0 blocks [not reported]
  $ sg_vpd --force --page=0xb3 /dev/sg0
  VPD page=0xb3
  fetching VPD page failed: Illegal request
  sg_vpd failed: Illegal request
  [5]
  $ sg_vpd --all /dev/sg0 | grep -c 'VPD page'
  12

## REPORT LUNS by sg_luns

SPC-5 §6.31: all but well known ones, only those, all; REPORT LUNS is C101h.

  $ sg_luns --decode /dev/sg0
  Lun list length = 8 which imples 1 lun entry
  Report luns [select_report=0x0]:
      0000000000000000
        Peripheral device addressing: lun=0
  $ sg_luns --select=1 /dev/sg0
  Lun list length = 8 which imples 1 lun entry
  Report luns [select_report=0x1]:
      c101000000000000
  $ sg_luns --select=2 --hex /dev/sg0
   00     00 00 00 10 00 00 00 00  c1 01 00 00 00 00 00 00
   10     00 00 00 00 00 00 00 00
  $ sg_luns --select=0x10 /dev/sg0
  Report Luns command has bad field in cdb
  sg_luns failed: Illegal request
  [5]

## READ CAPACITY(10) by sg_readcap

  $ sg_readcap /dev/sg0
  Read Capacity results:
     Last LBA=32767 (0x7fff), Number of logical blocks=32768
     Logical block length=512 bytes
  Hence:
     Device size: 16777216 bytes, 16.0 MiB, 0.02 GB
  $ sg_readcap --hex /dev/sg0
   00     00 00 7f ff 00 00 02 00

## READ CAPACITY(16) by sg_readcap

SBC-4 §5.21.2: no protection; LBPME as blocks can be given back; 8 logical blocks in a physical one, aligned at 0.

  $ sg_readcap --16 /dev/sg0
  Read Capacity results:
     Protection: prot_en=0, p_type=0, p_i_exponent=0
     Logical block provisioning: lbpme=1, lbprz=0
     Last LBA=32767 (0x7fff), Number of logical blocks=32768
     Logical block length=512 bytes
     Logical blocks per physical block exponent=3 [so physical block length=4096 bytes]
     Lowest aligned LBA=0
  Hence:
     Device size: 16777216 bytes, 16.0 MiB, 0.02 GB
  $ sg_readcap --16 --hex /dev/sg0
   00     00 00 00 00 00 00 7f ff  00 00 02 00 00 03 80 00
   10     00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00
  $ sg_raw --request=512 /dev/sg0 9e 10 00 00 00 00 00 00 00 00 00 00 00 0c 00 00
  SCSI Status: Good
  Received 12 bytes of data:
   00     00 00 00 00 00 00 7f ff  00 00 02 00                ............

## REPORT SUPPORTED OPERATION CODES by sg_opcodes

Every row of the table of docs/scsi.md and none else, with names of sg3_utils' own (SPC-5 §6.33).

  $ sg_opcodes /dev/sg0
    MILLRACE  AIO disk          0001
    Peripheral device type: disk
  Opcode  Service    CDB  RWCDLP,  Name
  (hex)   action(h)  size   CDLP
  -----------------------------------------------
   00                  6    0,0    Test Unit Ready
   03                  6    0,0    Request Sense
   08                  6    0,0    Read(6)
   0a                  6    0,0    Write(6)
   12                  6    0,0    Inquiry
   15                  6    0,0    Mode select(6)
   16                  6    0,0    Reserve(6)
   17                  6    0,0    Release(6)
   1a                  6    0,0    Mode sense(6)
   1b                  6    0,0    Start stop unit
   1c                  6    0,0    Receive diagnostic results
   1d                  6    0,0    Send diagnostic
   1e                  6    0,0    Prevent allow medium removal
   25                 10    0,0    Read capacity(10)
   28                 10    0,0    Read(10)
   2a                 10    0,0    Write(10)
   2e                 10    0,0    Write and verify(10)
   2f                 10    0,0    Verify(10)
   34                 10    0,0    Pre-fetch(10)
   35                 10    0,0    Synchronize cache(10)
   41                 10    0,0    Write same(10)
   42                 10    0,0    Unmap
   4c                 10    0,0    Log select
   4d                 10    0,0    Log sense
   55                 10    0,0    Mode select(10)
   56                 10    0,0    Reserve(10)
   57                 10    0,0    Release(10)
   5a                 10    0,0    Mode sense(10)
   5e        0        10    0,0    Persistent reserve in, read keys
   5e        1        10    0,0    Persistent reserve in, read reservation
   5e        2        10    0,0    Persistent reserve in, report capabilities
   5e        3        10    0,0    Persistent reserve in, read full status
   5f        0        10    0,0    Persistent reserve out, register
   5f        1        10    0,0    Persistent reserve out, reserve
   5f        2        10    0,0    Persistent reserve out, release
   5f        3        10    0,0    Persistent reserve out, clear
   5f        4        10    0,0    Persistent reserve out, preempt
   5f        5        10    0,0    Persistent reserve out, preempt and abort
   5f        6        10    0,0    Persistent reserve out, register and ignore existing key
   5f        7        10    0,0    Persistent reserve out, register and move
   7f        9        32    0,0    Read(32)
   7f        a        32    0,0    Verify(32)
   7f        b        32    0,0    Write(32)
   7f        c        32    0,0    Write and verify(32)
   7f        d        32    0,0    Write same(32)
   88                 16    0,0    Read(16)
   89                 16    0,0    Compare and write
   8a                 16    0,0    Write(16)
   8e                 16    0,0    Write and verify(16)
   8f                 16    0,0    Verify(16)
   90                 16    0,0    Pre-fetch(16)
   91                 16    0,0    Synchronize cache(16)
   93                 16    0,0    Write same(16)
   9e       10        16    0,0    Read capacity(16)
   9e       12        16    0,0    Get LBA status(16)
   a0                 12    0,0    Report luns
   a3        5        12    0,0    Report identifying information
   a3        a        12    0,0    Report target port groups
   a3        c        12    0,0    Report supported operation codes
   a3        d        12    0,0    Report supported task management functions
   a3        f        12    0,0    Report timestamp
   a4        6        12    0,0    Set identifying information
   a4        f        12    0,0    Set timestamp
   a8                 12    0,0    Read(12)
   aa                 12    0,0    Write(12)
   ae                 12    0,0    Write and verify(12)
   af                 12    0,0    Verify(12)

One command: the bits of its CDB that are looked at (§6.33.3). SUPPORT is 011b, or 001b when there is none; of a code
with service actions one has to be named.

  $ sg_opcodes --no-inquiry --opcode=0x28 /dev/sg0
    Opcode=0x28
    Command_name: Read(10)
    Command is supported [conforming to SCSI standard]
    No command duration limit mode page
    Multiple Logical Units (MLU): not reported
    Usage data: 28 18 ff ff ff ff 00 ff ff 00
  $ sg_opcodes --no-inquiry --opcode=0x7f --sa=0x0b /dev/sg0
    Opcode=0x7f  Service_action=0x000b
    Command_name: Write(32)
    Command is supported [conforming to SCSI standard]
    No command duration limit mode page
    Multiple Logical Units (MLU): not reported
    Usage data: 7f 00 00 00 00 00 00 18 00 0b 18 00 ff ff ff ff ff ff ff ff 00 00 00 00 00 00 00 00 ff ff ff ff
  $ sg_opcodes --no-inquiry --rctd --opcode=0x5f --sa=7 /dev/sg0
    Opcode=0x5f  Service_action=0x0007
    Command_name: Persistent reserve out, register and move
    Command is supported [conforming to SCSI standard]
    No command duration limit mode page
    Multiple Logical Units (MLU): not reported
    Usage data: 5f 07 ff 00 00 ff ff ff ff 00
    no nominal timeout, no recommended timeout
  $ sg_opcodes --no-inquiry --opcode=0x7e /dev/sg0
    Opcode=0x7e
    Command_name: Reserved [0x7e]
    Command is NOT supported
    No command duration limit mode page
    Multiple Logical Units (MLU): not reported
  $ sg_opcodes --no-inquiry --opcode=0x5f --sa=8 /dev/sg0
    Opcode=0x5f  Service_action=0x0008
    Command_name: Persistent reserve out, replace lost reservation
    Command is NOT supported
    No command duration limit mode page
    Multiple Logical Units (MLU): not reported
  $ sg_opcodes --verbose --no-inquiry --opcode=0x5e /dev/sg0
      Report supported operation codes cdb: [a3 0c 01 5e 00 00 00 00 20 00 00 00]
  Report supported operation codes:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 2 bit 2
  Report supported operation codes: Illegal request, type: sense key, apart from Invalid opcode
  [5]

## REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS by sg_opcodes

SPC-5 §6.34; no CLEAR ACA, as NORMACA is 0.

  $ sg_opcodes --tmf /dev/sg0
    MILLRACE  AIO disk          0001
    Peripheral device type: disk
  Task Management Functions supported by device:
      Abort task
      Abort task set
      Clear task set
      Logical unit reset
      Query task
      Query task set
      I_T nexus reset
  $ sg_opcodes --tmf --repd --hex /dev/sg0
    MILLRACE  AIO disk          0001
    Peripheral device type: disk
  Task Management Functions supported by device:
   00     dc 03 00 0c 00 00 00 00  00 00 00 00 00 00 00 00

## REPORT TARGET PORT GROUPS by sg_rtpg

SPC-5 §6.35: a group for each port, all active/optimized. Implicit states cannot be set: there is no SET TARGET PORT GROUPS.

  $ sg_rtpg --decode /dev/sg0
  Report target port groups:
    target port group id : 0x1 , Pref=0, Rtpg_fmt=0
      target port group asymmetric access state : 0x00 (active/optimized)
      T_SUP : 0, O_SUP : 0, LBD_SUP : 0, U_SUP : 0, S_SUP : 0, AN_SUP : 0, AO_SUP : 1
      status code : 0x00 (no status available)
      vendor unique status : 0x00
      target port count : 01
      Relative target port ids:
        0x01
    target port group id : 0x2 , Pref=0, Rtpg_fmt=0
      target port group asymmetric access state : 0x00 (active/optimized)
      T_SUP : 0, O_SUP : 0, LBD_SUP : 0, U_SUP : 0, S_SUP : 0, AN_SUP : 0, AO_SUP : 1
      status code : 0x00 (no status available)
      vendor unique status : 0x00
      target port count : 01
      Relative target port ids:
        0x02
  $ sg_rtpg --extended --hex /dev/sg1
   00     00 00 00 1c 10 00 00 00  00 01 00 01 00 00 00 01
   10     00 00 00 01 00 01 00 02  00 00 00 01 00 00 00 02
  $ sg_stpg --verbose --active --tp=1 /dev/sg0
      Set target port groups cdb: [a4 0a 00 00 00 00 00 00 00 08 00 00]
  Set target port groups:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in cdb
    Sense Key Specific: Error in Command: byte 1 bit 4
  Set Target Port Groups: Illegal request, type: sense key, apart from Invalid opcode

## REPORT IDENTIFYING INFORMATION, SET IDENTIFYING INFORMATION by sg_ident

SPC-5 §6.29, §6.43: what one initiator sets, the other reads after it was told (3F/05). Types 0 with 64 bytes and 2 with 256.

  $ sg_ident /dev/sg0
  $ printf 'rack 7, shelf 2' | sg_ident --set /dev/sg0
  $ sg_ident --ascii /dev/sg0
  rack 7, shelf 2
  $ sg_requests --hex /dev/sg1
   00     70 00 06 00 00 00 00 0a  00 00 00 00 3f 05 00 00
   10     00 00
  $ sg_ident --ascii /dev/sg1
  rack 7, shelf 2
  $ printf 'database\0' | sg_ident --set --itype=2 /dev/sg1
  $ sg_requests --hex /dev/sg0
   00     70 00 06 00 00 00 00 0a  00 00 00 00 3f 05 00 00
   10     00 00
  $ sg_ident --itype=2 /dev/sg0
   00     64 61 74 61 62 61 73 65  00                         database.
  $ sg_ident --itype=127 --raw /dev/sg0 | xxd -p
  0000004004000100
  $ printf 'no zero at its end' | sg_ident --verbose --set --itype=2 /dev/sg1
      Set identifying information cdb: [a4 06 00 00 00 00 00 00 00 12 04 00]
  Set identifying information:
  Fixed format, current; Sense key: Illegal Request
  Additional sense: Invalid field in parameter list
    Sense Key Specific: Error in Data parameters: byte 17
  Set identifying information: Illegal request, type: sense key, apart from Invalid opcode
  [5]
  $ sg_ident --clear /dev/sg0
  $ sg_ident /dev/sg0
  $ sg_requests --hex /dev/sg1
   00     70 00 06 00 00 00 00 0a  00 00 00 00 3f 05 00 00
   10     00 00

## REPORT TIMESTAMP, SET TIMESTAMP by sg_timestamp

SPC-5 §6.37, §6.46: the host's clock (origin 011b, "other method"), until it is set; the other initiator is told (2A/10).

  $ sg_timestamp --origin --no-timestamp /dev/sg0
  Device clock initialized by other method
  $ expr $(date +%s) - $(sg_timestamp --srep /dev/sg0) '<' 120
  1
  $ sg_timestamp --seconds=1700000000 /dev/sg0
  $ sg_requests --hex /dev/sg1
   00     70 00 06 00 00 00 00 0a  00 00 00 00 2a 10 00 00
   10     00 00
  $ sg_timestamp --origin --srep /dev/sg1 | sed 's/17000000../17000000xx/'
  Device clock initialized by SET TIMESTAMP command
  17000000xx
