import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.*;
import java.io.File;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.*;
import java.time.Duration;
import java.util.*;
import org.apache.avro.Schema;
import org.apache.avro.generic.*;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.*;

/** A sample subscriber. It counts outcomes, money and units, drops repeats, and proves that it missed none. See ../README.md. */
public class OutcomeCounter {
  static final ObjectMapper json = new ObjectMapper();
  static final Map<Integer, Schema> writers = new HashMap<>();
  static final String registry = env("SCHEMA_REGISTRY_URL", "http://127.0.0.1:18081/apis/ccompat/v7");
  // One file has the position of each partition and the effect. It is replaced as a whole, so both change together.
  static final Path file = Path.of(env("STATE_FILE", "outcome-counter.json"));
  static ObjectNode state;
  // "orders" in the file has the last totals of each order that changed, in this order. The first three are money.
  static final List<String> AXES = List.of("received", "refundPending", "refunded", "cancelled", "shipped", "returned", "restocked");
  static final int MONEY = 3;

  public static void main(String[] args) throws Exception {
    Map<String, String> flags = new HashMap<>();
    for (int i = 0; i + 1 < args.length; i += 2) flags.put(args[i], args[i + 1]);
    long untilTotal = Long.parseLong(flags.getOrDefault("--until-total", "" + Long.MAX_VALUE));
    double idleSeconds = Double.parseDouble(flags.getOrDefault("--idle-seconds", "Infinity"));
    Schema reader = new Schema.Parser().parse(new File(env("READER_SCHEMA", "outcome-counter.avsc")));
    state = (ObjectNode) json.readTree(Files.exists(file) ? Files.readString(file)
        : "{\"positions\":{},\"from\":{},\"counts\":{},\"total\":0,\"repeats\":0,\"money\":{},\"orders\":{},"
            + "\"units\":{\"ordered\":0,\"cancelled\":0,\"shipped\":0,\"returned\":0,\"restocked\":0}}");
    Properties config = new Properties();
    config.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, env("KAFKA_BROKERS", "127.0.0.1:19092"));
    config.put(ConsumerConfig.GROUP_ID_CONFIG, env("GROUP", "outcome-counter-java"));
    config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    try (var consumer = new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.subscribe(List.of(env("KAFKA_TOPIC_PREFIX", "") + "orders.events.v1"));
      long seenAt = System.nanoTime();
      while (state.get("total").asLong() < untilTotal && (System.nanoTime() - seenAt) / 1e9 < idleSeconds) {
        var records = consumer.poll(Duration.ofMillis(500));
        if (records.isEmpty()) continue;
        seenAt = System.nanoTime();
        for (var record : records) take("" + record.partition(), decode(record.value(), reader));
        Path draft = Path.of(file + ".new");
        Files.writeString(draft, state.toString());
        Files.move(draft, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        try {
          consumer.commitSync(); // Commit after the effect, never before.
        } catch (KafkaException error) { // The file has the position, and poll() joins a lost group again.
          System.err.println("commit failed: " + error.getMessage());
        }
      }
    }
    state.remove("orders");
    System.out.println(state);
  }

  static void take(String partition, GenericRecord event) {
    long offset = (long) event.get("sourceOffset"), previous = (long) event.get("prevSourceOffset");
    ObjectNode from = state.withObject("/from"), positions = state.withObject("/positions"), counts = state.withObject("/counts");
    if (!from.has(partition)) from.put(partition, previous); // -1 means from the first outcome on
    long position = positions.has(partition) ? positions.get(partition).asLong() : previous;
    if (offset <= position) { state.put("repeats", state.get("repeats").asLong() + 1); return; }
    if (previous != position) throw new IllegalStateException(
        "gap on partition " + partition + ": the outcome follows " + previous + ", but the position is " + position);
    String outcome = event.get("outcome").toString();
    counts.put(outcome, counts.path(outcome).asLong(0) + 1);
    state.put("total", state.get("total").asLong() + 1);
    positions.put(partition, offset);
    sum(event);
  }

  /** The axes are totals of the order. What is new is the difference to its totals before. */
  static void sum(GenericRecord event) {
    GenericRecord money = (GenericRecord) event.get("money"), units = (GenericRecord) event.get("units");
    if (event.get("orderId") == null || money == null || units == null) return; // no change of an order, or schema version 1
    String id = event.get("orderId").toString(), outcome = event.get("outcome").toString();
    if (outcome.equals("ACCEPTED")) add(state.withObject("/units"), "ordered", (long) units.get("ordered"));
    if (!outcome.equals("APPLIED")) return;
    // Only a payment or a refund moves money.
    GenericRecord moved = (GenericRecord) (event.get("payment") == null ? event.get("refund") : event.get("payment"));
    var before = state.at("/orders/" + id);
    ArrayNode now = json.createArrayNode();
    for (int i = 0; i < AXES.size(); i++) {
      String name = AXES.get(i);
      long after = (long) (i < MONEY ? money : units).get(name), change = after - before.path(i).asLong(0);
      if (change != 0) add(state.withObject(i < MONEY ? "/money/" + moved.get("currency") : "/units"), name, change);
      now.add(after);
    }
    state.withObject("/orders").set(id, now);
  }

  static void add(ObjectNode sums, String name, long change) { sums.put(name, sums.path(name).asLong(0) + change); }

  static GenericRecord decode(byte[] value, Schema reader) throws Exception {
    int id = ByteBuffer.wrap(value, 1, 4).getInt();
    if (!writers.containsKey(id)) writers.put(id, new Schema.Parser().parse(
        json.readTree(URI.create(registry + "/schemas/ids/" + id).toURL()).get("schema").asText()));
    var body = DecoderFactory.get().binaryDecoder(value, 5, value.length - 5, null);
    return new GenericDatumReader<GenericRecord>(writers.get(id), reader).read(null, body);
  }

  static String env(String name, String usual) { return System.getenv().getOrDefault(name, usual); }
}
