package io.millrace.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Vital product data, byte for byte (SPC-5 §7.7, SBC-4 §6.6). */
class VpdPagesTest {
  private static final UUID DISK = UUID.nameUUIDFromBytes("disk".getBytes(StandardCharsets.UTF_8));

  private ScsiRig rig;

  @BeforeEach
  void open() throws Exception {
    rig = ScsiRig.withDisk();
  }

  @AfterEach
  void close() {
    rig.close();
  }

  private byte[] page(int code) {
    byte[] page = rig.run("12 01 %02x 10 00 00".formatted(code)).data();
    assertThat(page[0]).isZero();
    assertThat(page[1]).isEqualTo((byte) code);
    assertThat(BigEndian.get16(page, 2)).isEqualTo(page.length - 4);
    return page;
  }

  /** A disk with a cache, at LUN 1. */
  private byte[] cachedPage(int code) throws Exception {
    CachedDisk disk = new CachedDisk("cached");
    rig.bdevs.register(disk);
    rig.add("t", 1, disk, false);
    return rig.run("a", "t", 1, "12 01 %02x 10 00 00".formatted(code)).data();
  }

  @Test
  void everyPageThatIsListedIsThere() {
    byte[] list = page(0x00);

    assertThat(Arrays.copyOfRange(list, 4, list.length))
        .containsExactly(0, 0x80, 0x83, 0x85, 0x86, 0x87, 0x88, 0xb0, 0xb1, 0xb2, 0xb7);
    for (int i = 4; i < list.length; i++) {
      page(list[i] & 0xff);
    }
  }

  @Test
  void theSerialNumberIsTheUuid() {
    byte[] page = page(0x80);

    assertThat(new String(page, 4, page.length - 4, StandardCharsets.US_ASCII))
        .isEqualTo(DISK.toString());
  }

  /** Designators of a list, each as code set, association and type, and its bytes. */
  private static List<String> designators(byte[] bytes, int from, int to) {
    List<String> all = new ArrayList<>();
    for (int at = from; at < to; at += 4 + bytes[at + 3]) {
      String kind = "%02x %02x ".formatted(bytes[at], bytes[at + 1]);
      all.add(kind + HexFormat.of().formatHex(bytes, at + 4, at + 4 + bytes[at + 3]));
    }
    return all;
  }

  private static String ascii(String text) {
    return HexFormat.of().formatHex(text.getBytes(StandardCharsets.US_ASCII));
  }

  @Test
  void aDiskAndItsPortHaveNames() {
    byte[] page = page(0x83);
    List<String> all = designators(page, 4, page.length);

    long naa = StableNames.naa("unit:" + DISK);
    long port = StableNames.naa("port:t");
    assertThat(naa >>> 60).isEqualTo(3);
    assertThat(all)
        .containsExactly(
            "01 03 %016x".formatted(naa),
            "02 01 " + ascii("MILLRACE" + DISK),
            "01 0a 1000" + DISK.toString().replace("-", ""),
            "03 08 " + ascii("naa.%016X".formatted(naa)) + "00000000",
            "01 14 00000001",
            "01 15 00000001",
            "01 13 %016x".formatted(port),
            "03 18 " + ascii("naa.%016X".formatted(port)) + "00000000");
  }

  @Test
  void theNameOfADiskIsTheSameByEveryPort() throws Exception {
    List<String> here = designators(page(0x83), 4, page(0x83).length);
    rig.add("u", 3, rig.bdevs.get("disk"), false);

    byte[] there = rig.run("a", "u", 3, "12 01 83 10 00 00").data();

    assertThat(designators(there, 4, there.length).subList(0, 4)).isEqualTo(here.subList(0, 4));
    assertThat(designators(there, 4, there.length)).contains("01 14 00000002", "01 15 00000002");
  }

  @Test
  void allPortsOfADiskAreListed() throws Exception {
    rig.add("u", 3, rig.bdevs.get("disk"), false);
    rig.add("u", 4, rig.bdevs.get("disk"), false);

    byte[] page = page(0x88);

    int each = 12 + 12 + 28;
    assertThat(page).hasSize(4 + 2 * each);
    assertThat(Arrays.copyOfRange(page, 4, 16))
        .containsExactly(0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 40);
    assertThat(designators(page, 16, 4 + each).getFirst())
        .isEqualTo("01 13 %016x".formatted(StableNames.naa("port:t")));
    assertThat(page[4 + each + 3]).isEqualTo((byte) 2);
    assertThat(designators(page, 16 + each, page.length).getFirst())
        .isEqualTo("01 13 %016x".formatted(StableNames.naa("port:u")));
  }

  @Test
  void aPortThatADiskWasRemovedFromIsNotListed() throws Exception {
    rig.add("u", 3, rig.bdevs.get("disk"), false);
    rig.target("u").remove(3, () -> {});

    assertThat(page(0x88)).hasSize(4 + 52);
  }

  @Test
  void thereIsNoManagementAddress() {
    assertThat(page(0x85)).hasSize(4);
  }

  @Test
  void extendedInquiryDataTellOfTaskAttributesAndCache() throws Exception {
    byte[] plain = page(0x86);

    assertThat(plain).hasSize(64);
    assertThat(Arrays.copyOfRange(plain, 4, 14)).containsExactly(0, 7, 0, 1, 0, 0, 0, 0, 0, 32);
    assertThat(cachedPage(0x86)[6]).isEqualTo((byte) 1);
  }

  @Test
  void everyModePageIsShared() {
    assertThat(HexFormat.ofDelimiter(" ").formatHex(page(0x87)))
        .isEqualTo(
            "00 87 00 18 01 00 00 00 08 00 00 00 0a 00 00 00 0a 01 00 00 1a 00 00 00 1c 00 00 00");
  }

  @Test
  void limitsAreThoseThatAreKept() {
    byte[] page = page(0xb0);

    assertThat(page).hasSize(64);
    assertThat(page[4]).isZero(); // WSNZ
    assertThat(BigEndian.get8(page, 5)).isEqualTo(128); // 64 KiB to compare
    assertThat(BigEndian.get16(page, 6)).isEqualTo(8); // physical block
    assertThat(BigEndian.get32(page, 8)).isEqualTo(8192); // 4 MiB
    assertThat(BigEndian.get32(page, 12)).isEqualTo(256); // 128 KiB at once
    assertThat(BigEndian.get32(page, 16)).isZero();
    assertThat(BigEndian.get32(page, 20)).isEqualTo(1 << 23); // 4 GiB
    assertThat(BigEndian.get32(page, 24)).isEqualTo(256);
    assertThat(BigEndian.get32(page, 28)).isZero();
    assertThat(BigEndian.get32(page, 32)).isZero();
    assertThat(BigEndian.get64(page, 36)).isEqualTo(1 << 23);
    assertThat(Arrays.copyOfRange(page, 44, 64)).containsOnly(0);
  }

  @Test
  void aTransferOfMoreThanTheLimitIsRefused() throws Exception {
    CachedDisk disk = new CachedDisk("cached");
    rig.bdevs.register(disk);
    rig.add("t", 1, disk, false);
    rig.settle("a", "t", 1);

    byte[] page = rig.run("a", "t", 1, "12 01 b0 10 00 00").data();

    assertThat(BigEndian.get32(page, 8)).isEqualTo(1024);
    assertThat(rig.run("a", "t", 1, "28 00 00 00 00 00 00 04 00 00").status()).isZero();
    assertThat(rig.run("a", "t", 1, "28 00 00 00 00 00 00 04 01 00").field()).isEqualTo("cdb 7");
  }

  @Test
  void aDiskThatCannotUnmapHasNoLimitsOfIt() throws Exception {
    byte[] page = cachedPage(0xb0);

    assertThat(BigEndian.get8(page, 5)).isEqualTo(16);
    assertThat(Arrays.copyOfRange(page, 20, 36)).containsOnly(0);
    assertThat(rig.run("a", "t", 1, "12 01 b2 10 00 00").hex())
        .isEqualTo("00 b2 00 04 00 00 00 00");
  }

  @Test
  void nothingTurns() {
    byte[] page = page(0xb1);

    assertThat(page).hasSize(64);
    assertThat(BigEndian.get16(page, 4)).isEqualTo(1);
    assertThat(page[8]).isEqualTo((byte) 1); // VBULS
    assertThat(Arrays.copyOfRange(page, 9, 64)).containsOnly(0);
  }

  @Test
  void aDiskInMemoryUnmapsInEveryWay() {
    assertThat(HexFormat.ofDelimiter(" ").formatHex(page(0xb2)))
        .isEqualTo("00 b2 00 04 00 e0 01 00");
  }

  @Test
  void thereAreNoStreams() {
    assertThat(page(0xb7)).hasSize(64).endsWith(new byte[60]);
  }
}
