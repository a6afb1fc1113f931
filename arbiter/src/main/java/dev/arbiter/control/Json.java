package dev.arbiter.control;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Values as JSON (RFC 8259) and back. Records become objects whose keys are their components' names
 * in snake case; an empty {@link Optional} is left out.
 */
public final class Json {
  private static final JsonFactory FACTORY = new JsonFactory();

  private Json() {}

  /** On one line. */
  public static String write(Object value) {
    return write(value, false);
  }

  /** For people, on many lines. */
  public static String writeIndented(Object value) {
    return write(value, true);
  }

  private static String write(Object value, boolean indented) {
    StringWriter text = new StringWriter();
    try (JsonGenerator out = FACTORY.createGenerator(text)) {
      if (indented) {
        DefaultPrettyPrinter printer = new DefaultPrettyPrinter();
        printer.indentArraysWith(DefaultIndenter.SYSTEM_LINEFEED_INSTANCE);
        out.setPrettyPrinter(printer);
      }
      put(value, out);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a StringWriter does not fail
    }
    return text.toString();
  }

  private static void put(Object value, JsonGenerator out) throws IOException {
    switch (value) {
      case Optional<?> optional when optional.isEmpty() -> out.writeNull();
      case Optional<?> optional -> put(optional.get(), out);
      case Boolean flag -> out.writeBoolean(flag);
      case Integer number -> out.writeNumber(number);
      case Long number -> out.writeNumber(number);
      case Double number -> out.writeNumber(number);
      case Map<?, ?> map -> {
        out.writeStartObject();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          member(String.valueOf(entry.getKey()), entry.getValue(), out);
        }
        out.writeEndObject();
      }
      case Iterable<?> list when !(value instanceof java.nio.file.Path) -> {
        out.writeStartArray();
        for (Object element : list) {
          put(element, out);
        }
        out.writeEndArray();
      }
      case Record tuple -> {
        out.writeStartObject();
        for (RecordComponent component : tuple.getClass().getRecordComponents()) {
          member(snake(component.getName()), read(component, tuple), out);
        }
        out.writeEndObject();
      }
      default -> out.writeString(value.toString());
    }
  }

  private static void member(String name, Object value, JsonGenerator out) throws IOException {
    if (!(value instanceof Optional<?> optional && optional.isEmpty())) {
      out.writeFieldName(name);
      put(value, out);
    }
  }

  private static Object read(RecordComponent component, Record tuple) {
    try {
      return component.getAccessor().invoke(tuple);
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException(tuple.getClass() + " is not public", e);
    }
  }

  private static String snake(String name) {
    return name.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
  }

  /**
   * An object: its members in order; numbers are {@link Long} or {@link Double}, and members that
   * are null are left out.
   *
   * @throws IOException it is not JSON, or no object; the message says what is wrong
   */
  public static Map<String, Object> readObject(String text) throws IOException {
    try (JsonParser in = FACTORY.createParser(text)) {
      if (in.nextToken() != JsonToken.START_OBJECT) {
        throw new IOException("expected an object");
      }
      Map<String, Object> object = object(in);
      if (in.nextToken() != null) {
        throw new IOException("expected nothing after the object");
      }
      return object;
    } catch (JsonProcessingException e) {
      throw new IOException(e.getOriginalMessage(), e); // without lines about the source's location
    }
  }

  /** {@code value} as an object; an empty one if it is none. */
  @SuppressWarnings("unchecked") // readObject makes no other maps
  public static Map<String, Object> object(@Nullable Object value) {
    return value instanceof Map<?, ?> map ? (Map<String, Object>) map : Map.of();
  }

  private static Map<String, Object> object(JsonParser in) throws IOException {
    Map<String, Object> members = new LinkedHashMap<>();
    while (in.nextToken() != JsonToken.END_OBJECT) {
      String name = in.currentName();
      value(in.nextToken(), in).ifPresent(value -> members.put(name, value));
    }
    return members;
  }

  private static Optional<Object> value(JsonToken token, JsonParser in) throws IOException {
    return switch (token) {
      case START_OBJECT -> Optional.of(object(in));
      case START_ARRAY -> {
        List<Object> elements = new ArrayList<>();
        for (JsonToken next = in.nextToken(); next != JsonToken.END_ARRAY; next = in.nextToken()) {
          value(next, in).ifPresent(elements::add);
        }
        yield Optional.of(elements);
      }
      case VALUE_NUMBER_INT -> Optional.of(in.getLongValue());
      case VALUE_NUMBER_FLOAT -> Optional.of(in.getDoubleValue());
      case VALUE_TRUE -> Optional.of(true);
      case VALUE_FALSE -> Optional.of(false);
      case VALUE_NULL -> Optional.empty();
      default -> Optional.of(in.getText());
    };
  }
}
