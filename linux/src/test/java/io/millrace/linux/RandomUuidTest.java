package io.millrace.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class RandomUuidTest {
  private static final int MANY = 1000;

  /** Each of the 122 free bits is seen set and clear, the fixed six never other than they are. */
  @Test
  void areRandomAndOfVersion4() {
    Set<UUID> seen = new HashSet<>();
    long highSet = 0;
    long lowSet = 0;
    long highClear = 0;
    long lowClear = 0;
    for (int i = 0; i < MANY; i++) {
      UUID uuid = RandomUuid.next();
      assertThat(uuid.version()).isEqualTo(4);
      assertThat(uuid.variant()).isEqualTo(2);
      seen.add(uuid);
      highSet |= uuid.getMostSignificantBits();
      lowSet |= uuid.getLeastSignificantBits();
      highClear |= ~uuid.getMostSignificantBits();
      lowClear |= ~uuid.getLeastSignificantBits();
    }
    assertThat(seen).hasSize(MANY);
    assertThat(Long.bitCount(highSet & highClear)).isEqualTo(60);
    assertThat(Long.bitCount(lowSet & lowClear)).isEqualTo(62);
  }
}
