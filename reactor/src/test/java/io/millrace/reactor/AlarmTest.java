package io.millrace.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AlarmTest {
  private final Reactor reactor = Reactor.stepped("stepped");
  private final List<String> order = new ArrayList<>();

  @AfterEach
  void close() {
    reactor.close();
  }

  @Test
  void anAlarmGoesOffOnceAtItsTimeAndNotBefore() {
    Alarm alarm = reactor.alarm(() -> order.add("off"));
    alarm.set(100);

    reactor.runOnce(99);
    assertThat(order).isEmpty();
    assertThat(alarm.isSet()).isTrue();
    reactor.runOnce(100);
    reactor.runOnce(101);

    assertThat(order).containsExactly("off");
    assertThat(alarm.isSet()).isFalse();
  }

  @Test
  void anAlarmSetAgainGoesOffAtTheLatestTimeOnly() {
    Alarm alarm = reactor.alarm(() -> order.add("off"));
    alarm.set(100);
    alarm.set(300);

    reactor.runOnce(200);
    assertThat(order).isEmpty();
    alarm.set(50);
    reactor.runOnce(201);

    assertThat(order).containsExactly("off");
  }

  @Test
  void aClearedAlarmDoesNotGoOff() {
    Alarm alarm = reactor.alarm(() -> order.add("off"));
    alarm.clear();
    alarm.set(100);
    alarm.clear();
    alarm.clear();

    reactor.runOnce(200);

    assertThat(order).isEmpty();
  }

  @Test
  void whatAnAlarmSetsToNowWaitsForTheNextRound() {
    Alarm[] alarm = new Alarm[1];
    alarm[0] =
        reactor.alarm(() -> {
          order.add("off");
          alarm[0].set(0);
        });
    alarm[0].set(0);

    reactor.runOnce(1);
    assertThat(order).hasSize(1);
    reactor.runOnce(1);

    assertThat(order).hasSize(2);
  }

  @Test
  void workDeferredByAnAlarmRunsInTheSameRound() {
    Alarm alarm = reactor.alarm(() -> reactor.defer(() -> order.add("deferred")));
    alarm.set(5);

    reactor.runOnce(5);

    assertThat(order).containsExactly("deferred");
  }

  @Test
  void anAlarmThatThrowsKeepsNoOtherFromGoingOff() {
    reactor.alarm(() -> order.add("first")).set(1);
    reactor
        .alarm(() -> {
          throw new IllegalStateException("wanted by the test");
        })
        .set(1);
    reactor.alarm(() -> order.add("last")).set(1);

    reactor.runOnce(1);

    assertThat(order).containsExactlyInAnyOrder("first", "last");
  }

  @Test
  void aSleepIsAsLongAsTheAlarmsThatWakeAllow() {
    Alarms alarms = new Alarms(new Guard("reactor"));
    boolean[] wakes = {false};
    Alarm quiet = new Alarm(alarms, () -> order.add("quiet"), () -> wakes[0]);
    Alarm loud = new Alarm(alarms, () -> order.add("loud"), () -> true);
    quiet.set(100);
    loud.set(300);

    assertThat(alarms.sleeps(50, 1_000)).isEqualTo(250);
    alarms.awake(90);
    assertThat(quiet.wasSleptThrough()).isFalse(); // its time is still to come
    assertThat(alarms.sleeps(95, 1_000)).isEqualTo(205);
    alarms.awake(200);
    assertThat(quiet.wasSleptThrough()).isTrue();
    alarms.goOff(200);
    assertThat(order).containsExactly("quiet");

    quiet.set(400);
    loud.clear();
    wakes[0] = true;
    assertThat(quiet.wasSleptThrough()).isFalse();
    assertThat(alarms.sleeps(200, 1_000)).isEqualTo(200);
    alarms.awake(401);
    assertThat(quiet.wasSleptThrough()).isFalse(); // it was what ended the sleep
    assertThat(alarms.sleeps(500, 1_000)).as("overdue").isEqualTo(1);
  }

  @Test
  void manyAlarmsSetAndClearedAtRandomGoOffAsAModelSays() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    int[] wentOff = new int[40];
    long[] model = new long[40]; // when, or -1
    Alarm[] alarms = new Alarm[40];
    for (int i = 0; i < alarms.length; i++) {
      int number = i;
      alarms[i] = reactor.alarm(() -> wentOff[number]++);
      model[i] = -1;
    }
    int[] expected = new int[40];
    for (long now = 0; now < 5_000; now += random.nextInt(20)) {
      for (int change = 0; change < 6; change++) {
        int which = random.nextInt(alarms.length);
        if (random.nextInt(3) == 0) {
          alarms[which].clear();
          model[which] = -1;
        } else {
          model[which] = now + random.nextInt(100);
          alarms[which].set(model[which]);
        }
      }
      reactor.runOnce(now);
      for (int i = 0; i < model.length; i++) {
        if (model[i] >= 0 && model[i] <= now) {
          expected[i]++;
          model[i] = -1;
        }
      }
      assertThat(wentOff).as("seed %d, at %d", seed, now).isEqualTo(expected);
    }
  }

  @Test
  void aSleepingReactorWakesForItsAlarm() throws Exception {
    CountDownLatch off = new CountDownLatch(1);
    try (Reactor thread = Reactor.start("alarmed", -1)) {
      long[] late = new long[1];
      Await.on(
          thread,
          () -> {
            long at = thread.nanoTime() + TimeUnit.MILLISECONDS.toNanos(20);
            thread
                .alarm(() -> {
                  late[0] = thread.nanoTime() - at;
                  off.countDown();
                })
                .set(at);
          });

      Await.until("the alarm", off);

      assertThat(late[0]).isNotNegative();
    }
  }
}
