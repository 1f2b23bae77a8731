package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Options of {@code millrace perf}: each wrong value is one line and exit code 2. */
@Timeout(120)
class PerfCommandLineTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--socket a --bdev null:1m|what to load? give either --socket PATH or --bdev BDEV",
        "--bdev|Missing required parameter for option '--bdev' (BDEV)",
        "--bdev=|--bdev  names nothing; give malloc:SIZE, null:SIZE or a path",
        "--bdev null:0|--bdev null:0 must have a size that is a multiple of 512",
        "--bdev null:9p9|'9p9' is no size",
        "--bdev malloc:4000p|bdev perf: no memory for it",
        "--bdev /none/disk.img|bdev perf: /none/disk.img: ENOENT",
        "--bdev /dev/zero|bdev perf: /dev/zero is neither an image file nor a block device",
        "--bdev null:1m --direct=1|--bdev null:1m is no file; --direct is for files",
        "--bdev null:1m --direct=yes|--direct: 'yes' is neither 0 nor 1",
        "--socket a --direct=1|--direct goes with --bdev",
        "--bdev null:1m --indirect|--queue-size and --indirect go with --socket",
        "--bdev null:1m --rw=trimwrite|--rw=trimwrite is not known; it is read, write, trim, rand",
        "--bdev null:1m --bs=0|--bs must be a multiple of 512 up to 16m",
        "--bdev null:1m --bs=4ki|--bs must be a multiple of 512 up to 16m",
        "--bdev null:1m --bs=1p|--bs must be a multiple of 512 up to 16m",
        "--bdev null:1m --bs=4k,8k|--bs: '4k,8k' is no size",
        "--bdev null:1m --bs=4k --bs=8k|option '--blocksize' (SIZE) should be specified only once",
        "--bdev null:1m --iodepth=x|Invalid value for option '--iodepth': 'x' is not an int",
        "--bdev null:1m --iodepth=99999999999|Invalid value for option '--iodepth'",
        "--bdev null:1m --iodepth=1025|--iodepth must be 1 to 1024",
        "--bdev null:1m --numjobs=257|--numjobs must be 1 to 256",
        "--bdev null:64m --bs=16m --iodepth=1024|--numjobs times --iodepth times --bs must be 4g",
        "--bdev null:1m --size=2m|null:1m: --size is 2097152 bytes, the disk has 1048576",
        "--bdev null:1m --size=101%|--size: '101%' is more than the disk",
        "--bdev null:1m --size=1k|--size must be at least one block",
        "--bdev null:1m --offset=1m|null:1m: --offset of job 0 is 1048576, the disk has 1048576",
        "--bdev null:1m --offset=100|null:1m: --offset of job 0 is 100, the disk's blocks have 512",
        "--bdev null:1m --offset_increment=1m --numjobs=2|null:1m: --offset of job 1 is 1048576",
        "--bdev null:1m --offset_increment=7000p|null:1m: --offset_increment is beyond any disk",
        "--bdev null:1m --runtime=1y|--runtime: '1y' is no time",
        "--bdev null:1m --runtime=999999999d|--runtime: '999999999d' is no time",
        "--bdev null:1m --time_based|--time_based needs --runtime",
        "--bdev null:1m --ramp_time=-1|--ramp_time: '-1' is no time",
        "--bdev null:1m --rwmixread=101|--rwmixread must be 0 to 100",
        "--bdev null:1m --rate_iops=-1|--rate_iops must be 1 to 100000000, or 0",
        "--bdev null:1m --rate_iops=100000001|--rate_iops must be 1 to 100000000, or 0",
        "--bdev null:1m --rate_iops=1k|Invalid value for option '--rate_iops': '1k' is not an int",
        "--bdev null:1m --rate_iops=1,2|Invalid value for option '--rate_iops'",
        "--bdev null:1m --fsync=-1|--fsync must be 0 or more",
        "--bdev null:1m --cpus_allowed=a|--cpus_allowed: 'a' is no list of processors",
        "--bdev null:1m --output=/none/report|--output /none/report cannot be made there",
        "--bdev null:1m --output-format=terse|Invalid value for option '--output-format'",
        "--bdev null:1m --eta=maybe|Invalid value for option '--eta'",
      })
  void wrongLoadIsOneLineAndExitCode2(String line, String message) {
    assertMisused(line, message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--bdev null:1m --verify=md5|--verify=md5 is not known; it is crc32c",
        "--bdev null:1m --verify|null:1m: it forgets what is written",
        "--bdev null:1m --verify_only|--verify_only needs --verify",
        "--bdev null:1m --verify_fatal|--verify_fatal needs --verify",
        "--bdev null:1m --do_verify=0|--do_verify needs --verify",
        "--bdev null:1m --do_verify=no|--do_verify: 'no' is neither 0 nor 1",
        "--bdev null:1m --verify-state=s|--verify-state needs --verify",
        "--bdev malloc:1m --rw=trim --verify|--verify proves what is written; --rw=trim writes",
        "--bdev malloc:1m --verify --verify_only|--verify_only needs the --rw of the run that wrote",
        "--bdev malloc:1m --verify --rw=randwrite --norandommap|--norandommap may write a block",
        "--bdev malloc:1m --verify --rw=write --ramp_time=1|--ramp_time measures",
        "--bdev malloc:1m --verify --rw=write --verify_only --runtime=1 --time_based"
            + "|--verify_only checks once",
        "--bdev malloc:1m --verify --rw=read --do_verify=0|--do_verify=0 leaves nothing to do",
        "--bdev malloc:1m --verify --rw=write --numjobs=2|malloc:1m: with --verify each job needs",
        "--bdev malloc:1m --verify --rw=write --verify-state=/none/s|--verify-state /none/s cannot be",
      })
  void wrongProofIsOneLineAndExitCode2(String line, String message) {
    assertMisused(line, message);
  }

  private static void assertMisused(String line, String message) {
    Cli cli = Cli.run(("perf " + line).split(" "));

    assertThat(cli.exitCode()).as(cli.err()).isEqualTo(2);
    assertThat(cli.err()).startsWith("millrace perf: " + message).hasLineCount(1);
    assertThat(cli.out()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--bdev null:1m",
        "--bdev=null:1m --readwrite=readwrite --blocksize=0x1000 --rwmixread=70",
        "--bdev=malloc:1mb --rw=randrw --bs=512b --iodepth=1024 --numjobs=4 --group_reporting",
        "--bdev=malloc:1m --rw=trim --output-format=JSON --eta=never",
        "--bdev=malloc:1m --rw=randwrite --verify --fsync=1 --verify_fatal=1 --do_verify=1",
        "--bdev=null:1g --rw=randread --time_based=1 --runtime=10msec --ramp_time=1ms",
        "--bdev=null:1m --rw=randrw --rate_iops=4000",
        "--bdev=null:1m --size=50% --offset=50% --norandommap --rw=randread",
      })
  void whatFioTakesIsTaken(String line) {
    Cli cli = Cli.run(("perf " + line).split(" "));

    assertThat(cli.exitCode()).as(cli.err()).isZero();
    assertThat(cli.err()).isEmpty();
    assertThat(cli.out()).containsAnyOf("Run status group 0 (all jobs):", "\"jobs\" : [");
  }
}
