package dev.arbiter.observe;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.config.Configuration;
import org.apache.logging.log4j.core.config.ConfigurationSource;
import org.apache.logging.log4j.core.config.LoggerConfig;
import org.apache.logging.log4j.core.config.properties.PropertiesConfigurationBuilder;
import org.apache.logging.log4j.core.config.xml.XmlConfiguration;
import org.apache.logging.log4j.status.StatusData;
import org.apache.logging.log4j.status.StatusListener;
import org.apache.logging.log4j.status.StatusLogger;

/**
 * The appenders of an operator's own Log4j 2 configuration; the arbiter logs as {@code arbiter}.
 * Made by any thread, used by the log's.
 *
 * <p>Log4j itself goes on with a default when a configuration is wrong, and says so on a channel of
 * its own. Here what it says there is the failure. JSON becomes XML first: the two have the same
 * shape, and Log4j's own reader of JSON would need another library.
 */
final class ConfiguredTarget implements LogTarget {
  private static final String LOGGER = "arbiter";

  private final LogPlan.Configuration from;
  private final LoggerContext context;

  private ConfiguredTarget(LogPlan.Configuration from, LoggerContext context) {
    this.from = from;
    this.context = context;
  }

  /**
   * Reads the configuration and opens what it names.
   *
   * @throws IOException it cannot be read, or is wrong; the message says how
   */
  static ConfiguredTarget open(LogPlan.Configuration from) throws IOException {
    List<String> complaints = new CopyOnWriteArrayList<>();
    StatusListener listener = new Complaints(complaints);
    StatusLogger status = StatusLogger.getLogger();
    status.getFallbackListener().setLevel(Level.OFF);
    status.registerListener(listener);
    LoggerContext context = new LoggerContext(LOGGER);
    try {
      context.start(configuration(from, context));
    } finally {
      status.removeListener(listener);
    }
    if (!complaints.isEmpty()) {
      context.stop();
      throw new IOException(complaints.getFirst());
    }
    return new ConfiguredTarget(from, context);
  }

  /** Read, and nothing opened yet. */
  static Configuration configuration(LogPlan.Configuration from, LoggerContext context)
      throws IOException {
    return switch (from) {
      case LogPlan.ConfigurationTree tree -> xml(context, source(toXml(tree.members())));
      case LogPlan.ConfigurationFile file -> {
        Path path = file.path();
        String name = String.valueOf(path.getFileName()).toLowerCase(Locale.ROOT);
        try (InputStream in = Files.newInputStream(path)) {
          ConfigurationSource source = new ConfigurationSource(in, path);
          yield name.endsWith(".properties") ? properties(context, source) : xml(context, source);
        }
      }
    };
  }

  /** Without the hook, as {@link #xml}. */
  private static Configuration properties(LoggerContext context, ConfigurationSource source)
      throws IOException {
    Properties members = new Properties();
    members.load(source.getInputStream());
    members.setProperty("shutdownHook", "disable");
    return new PropertiesConfigurationBuilder()
        .setConfigurationSource(source)
        .setRootProperties(members)
        .setLoggerContext(context)
        .build();
  }

  /** Without the hook of Log4j's own: it would close the log before the arbiter's last line. */
  private static Configuration xml(LoggerContext context, ConfigurationSource source) {
    return new XmlConfiguration(context, source) {
      @Override
      public boolean isShutdownHookEnabled() {
        return false;
      }
    };
  }

  private static ConfigurationSource source(String xml) throws IOException {
    return new ConfigurationSource(new ByteArrayInputStream(xml.getBytes(UTF_8)));
  }

  /** What Log4j finds wrong. */
  private record Complaints(List<String> texts) implements StatusListener {
    @Override
    public void log(StatusData data) {
      Throwable cause = data.getThrowable();
      texts.add(
          data.getMessage().getFormattedMessage().lines().findFirst().orElse("")
              + (cause == null ? "" : ": " + cause.getMessage()));
    }

    @Override
    public Level getStatusLevel() {
      return Level.ERROR;
    }

    @Override
    public void close() {}
  }

  /**
   * The configuration as XML: a member that is an object is an element, one in a list one of
   * several, and any other an attribute.
   *
   * @throws IOException it is no configuration of Log4j's
   */
  static String toXml(Map<String, Object> members) throws IOException {
    Object root = members.getOrDefault("Configuration", members.get("configuration"));
    if (!(root instanceof Map<?, ?> inner)) {
      throw new IOException(
          "expected a member Configuration, with Appenders and Loggers in it, as Log4j 2 has it"
              + (members.containsKey("handlers") ? "; this is one of Python's" : ""));
    }
    StringWriter text = new StringWriter();
    try {
      XMLStreamWriter out = XMLOutputFactory.newDefaultFactory().createXMLStreamWriter(text);
      element(out, "Configuration", inner);
      out.close();
    } catch (XMLStreamException e) {
      throw new IOException(e.getMessage(), e);
    }
    return text.toString();
  }

  private static void element(XMLStreamWriter out, String name, Map<?, ?> members)
      throws XMLStreamException {
    out.writeStartElement(name);
    for (Map.Entry<?, ?> member : members.entrySet()) {
      if (!(member.getValue() instanceof Map) && !(member.getValue() instanceof List)) {
        out.writeAttribute(String.valueOf(member.getKey()), String.valueOf(member.getValue()));
      }
    }
    for (Map.Entry<?, ?> member : members.entrySet()) {
      String child = String.valueOf(member.getKey());
      if (member.getValue() instanceof Map<?, ?> inner) {
        element(out, child, inner);
      } else if (member.getValue() instanceof List<?> several) {
        for (Object one : several) {
          element(out, child, one instanceof Map<?, ?> inner ? inner : Map.of());
        }
      }
    }
    out.writeEndElement();
  }

  @Override
  public void append(LogEvent event) {
    LoggerConfig logger = context.getConfiguration().getLoggerConfig(LOGGER);
    if (event.getLevel().isMoreSpecificThan(logger.getLevel())) {
      logger.log(event);
    }
  }

  /**
   * Reads the configuration again. Log4j shares an open file among appenders of its name, so that
   * the old ones must let it go first; where the configuration is broken by now, standard error
   * takes their place.
   */
  @Override
  public LogTarget again() {
    context.stop();
    return reopened(from);
  }

  private static LogTarget reopened(LogPlan.Configuration from) {
    try {
      return open(from);
    } catch (IOException e) {
      LogTarget standardError = LogTarget.of(LogPlan.text("info", Optional.empty()));
      standardError.append(
          ArbiterLog.event(
              Level.ERROR,
              "The log's configuration is broken, and this is standard error until it is opened"
                  + " again: "
                  + e.getMessage(),
              System.currentTimeMillis()));
      return new Instead(from, standardError);
    }
  }

  /** Standard error, until the configuration is in order. */
  private record Instead(LogPlan.Configuration from, LogTarget standardError) implements LogTarget {
    @Override
    public void append(LogEvent event) {
      standardError.append(event);
    }

    @Override
    public LogTarget again() {
      return reopened(from);
    }
  }
}
