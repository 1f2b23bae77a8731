package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.bdev.file.FileEngineKind;
import io.millrace.bdev.file.FileFailurePolicy;
import io.millrace.bdev.file.FileFailurePolicy.OnError;
import io.millrace.virtio.blk.RingOptions;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DiskOptionTest {
  @Test
  void socketAndImageAreEnough() {
    assertThat(DiskOption.parse("vm0.sock=disk.img"))
        .isEqualTo(
            new DiskOption(
                new DiskSocket.Listening(Path.of("vm0.sock")),
                Path.of("disk.img"),
                false,
                null,
                false,
                false,
                FileEngineKind.AUTO,
                false,
                FileFailurePolicy.NONE,
                RingOptions.DEFAULTS));
  }

  @Test
  void socketThatSystemdPassesIsNamedWithFd() {
    assertThat(DiskOption.parse("fd:vm0=disk.img").socket())
        .isEqualTo(new DiskSocket.Passed("vm0"));
    assertThat(DiskOption.parse("./fd:vm0=disk.img").socket())
        .isEqualTo(new DiskSocket.Listening(Path.of("./fd:vm0")));
  }

  @Test
  void frontEndThatListensIsNamedWithConnect() {
    DiskOption option = DiskOption.parse("connect:vm0.sock=disk.img,readonly");

    assertThat(option.socket()).isEqualTo(new DiskSocket.Connecting(Path.of("vm0.sock")));
    assertThat(option.socket().name()).isEqualTo("vm0.sock");
    assertThat(option.readOnly()).isTrue();
    assertThat(DiskOption.parse("./connect:a=b").socket())
        .isEqualTo(new DiskSocket.Listening(Path.of("./connect:a")));
  }

  @Test
  void allOptionsAreTakenInAnyOrder() {
    assertThat(
            DiskOption.parse(
                "/run/a.sock=/dev/sdb,direct,engine=io_uring,serial=A-1,on-error=retry,format=raw,"
                    + "io-timeout=30,ring_reset=on,readonly,packed=off,register-memory=on,in_order=off"))
        .isEqualTo(
            new DiskOption(
                new DiskSocket.Listening(Path.of("/run/a.sock")),
                Path.of("/dev/sdb"),
                true,
                "A-1",
                true,
                true,
                FileEngineKind.IO_URING,
                true,
                new FileFailurePolicy(OnError.RETRY, 30),
                new RingOptions(false, false, true)));
  }

  @Test
  void doubledCommaIsOneOfTheText() {
    DiskOption option = DiskOption.parse("s=a,,b.img,serial=x,,y,readonly");

    assertThat(option.image()).isEqualTo(Path.of("a,b.img"));
    assertThat(option.serial()).isEqualTo("x,y");
    assertThat(option.readOnly()).isTrue();
  }

  @Test
  void imageMayHoldAnEqualsSign() {
    assertThat(DiskOption.parse("s=a=b.img").image()).isEqualTo(Path.of("a=b.img"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "``|has no '='; write SOCKET=IMAGE",
        "disk.img|has no '='; write SOCKET=IMAGE",
        "=disk.img|names no socket",
        "vm0.sock=|names no image",
        "vm0.sock=,readonly|names no image",
        "fd:=i|names no socket; write fd:NAME=IMAGE",
        "connect:=i|names no socket; write SOCKET=IMAGE",
        "connect:vm0.sock|has no '='; write SOCKET=IMAGE",
        "connect:fd:vm0=i|has both connect: and fd:; a socket is connected to or passed",
        "fd:connect:vm0=i|has both connect: and fd:; a socket is connected to or passed",
      })
  void wrongSocketOrImageIsOneLineThatQuotesItAndExitCode2(String value, String problem) {
    assertRefused(value, problem);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "s=i,|has an unknown option ''; known: readonly, format=raw, direct",
        "s=i,ro|has an unknown option 'ro'",
        "s=i,READONLY|has an unknown option 'READONLY'",
        "s=i, readonly|has an unknown option ' readonly'",
        "s=i,readonly=on|gives readonly a value; it takes none",
        "s=i,readonly,readonly|has readonly twice",
        "s=i,direct=|gives direct a value; it takes none",
        "s=i,direct=off|gives direct a value; it takes none",
        "s=i,direct,direct|has direct twice",
        "s=i,serial=a,serial=b|has serial twice",
        "s=i,serial|has a serial of 0 bytes; it may have 1 to 20",
        "s=i,serial=|has a serial of 0 bytes",
        "s=i,serial=123456789012345678901|has a serial of 21 bytes",
        "s=i,serial=\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac|has a serial of 21 bytes",
        "s=i,format|asks for another format than raw",
        "s=i,format=|asks for another format than raw",
        "s=i,format=qcow2|asks for another format than raw; the only one is format=raw",
        "s=i,format=raw,format=raw|has format twice",
        "s=i,engine|has engine; it may be one of auto",
        "s=i,engine=|has engine=; it may be one of auto",
        "s=i,engine=aio|has engine=aio; it may be one of auto, io_uring, threads",
        "s=i,engine=threads,direct,engine=io_uring|has engine twice",
        "s=i,register-memory|has register-memory; it may be on or off",
        "s=i,register-memory=|has register-memory=; it may be on or off",
        "s=i,register-memory=yes|has register-memory=yes; it may be on or off",
        "s=i,register-memory=ON|has register-memory=ON; it may be on or off",
        "s=i,register-memory=1|has register-memory=1; it may be on or off",
        "s=i,register-memory=on,register-memory=off|has register-memory twice",
        "s=i,on-error|has on-error; it may be one of report, retry",
        "s=i,on-error=stop|has on-error=stop; it may be one of report, retry",
        "s=i,on-error=RETRY|has on-error=RETRY; it may be one of report, retry",
        "s=i,on-error=retry,on-error=report|has on-error twice",
        "s=i,packed|has packed; it may be on or off",
        "s=i,packed=|has packed=; it may be on or off",
        "s=i,packed=ON|has packed=ON; it may be on or off",
        "s=i,packed=on,packed=on|has packed twice",
        "s=i,in_order=yes|has in_order=yes; it may be on or off",
        "s=i,in-order=on|has an unknown option 'in-order'",
        "s=i,ring_reset=1|has ring_reset=1; it may be on or off",
        "s=i,io-timeout|has io-timeout; it is a number of seconds from 1 to 86400",
        "s=i,io-timeout=|has io-timeout=; it is a number of seconds from 1 to 86400",
        "s=i,io-timeout=0|has io-timeout=0; it is a number of seconds from 1 to 86400",
        "s=i,io-timeout=-1|has io-timeout=-1; it is a number",
        "s=i,io-timeout=0x10|has io-timeout=0x10; it is a number",
        "s=i,io-timeout=1.5|has io-timeout=1.5; it is a number",
        "s=i,io-timeout=30s|has io-timeout=30s; it is a number",
        "s=i,io-timeout=86401|has io-timeout=86401; it is a number of seconds from 1 to 86400",
        "s=i,io-timeout=99999999999|has io-timeout=99999999999; it is a number",
        "s=i,io-timeout=18446744073709551617|has io-timeout=18446744073709551617; it is a number",
        "s=i,io-timeout=1,io-timeout=2|has io-timeout twice",
      })
  void wrongOptionIsOneLineThatQuotesItAndExitCode2(String value, String problem) {
    assertRefused(value, problem);
  }

  private static void assertRefused(String value, String problem) {
    Cli cli = Cli.run("serve", "--blk", value);

    assertThat(cli.exitCode()).isEqualTo(2);
    assertThat(cli.err())
        .startsWith("millrace serve: --blk " + value + " " + problem)
        .hasLineCount(1);
    assertThat(cli.out()).isEmpty();
  }

  @Test
  void registeredMemoryMayBeSaidToBeOff() {
    assertThat(DiskOption.parse("s=i,register-memory=off").registerMemory()).isFalse();
    assertThat(DiskOption.parse("s=i,register-memory=on").registerMemory()).isTrue();
  }

  @Test
  void longestSerialIsTaken() {
    assertThat(DiskOption.parse("s=i,serial=12345678901234567890").serial()).hasSize(20);
  }

  @Test
  void pathWithNulIsRefused() {
    assertThatThrownBy(() -> DiskOption.parse("s\0=i")).hasMessageContaining("cannot be a path");
  }

  @Test
  void aLogicalUnitHasNoRingsOfItsOwn() {
    assertThat(DiskOption.parseScsi("s=i,readonly,direct").readOnly()).isTrue();
    for (String option : List.of("serial=a", "packed=on", "in_order=off", "ring_reset=on")) {
      assertThatThrownBy(() -> DiskOption.parseScsi("s=i," + option))
          .hasMessageStartingWith("--scsi s=i," + option + " has an unknown option ")
          .hasMessageEndingWith("io-timeout=SECONDS");
    }
  }
}
