package dev.arbiter.settings;

import dev.arbiter.settings.Config.Value;
import dev.arbiter.settings.Source.Kind;
import java.util.List;
import java.util.Map;

/**
 * What the settings of TLS must be together. Their files are for the workers to judge, who use
 * them: one that cannot be used fails the start with exit code 2, or the reload.
 */
final class TlsRules {
  /** Whoever gives one of these believes that TLS is on. */
  private static final List<String> NEED_CERTIFICATE =
      List.of("keyfile", "sni", "ca-certs", "ssl-crl");

  private final Map<String, Value> values;

  private TlsRules(Map<String, Value> values) {
    this.values = values;
  }

  /** {@code notices} takes what has no effect. */
  static void check(Map<String, Value> values, List<String> notices) throws SettingsException {
    TlsRules rules = new TlsRules(values);
    rules.checkPassword();
    rules.checkCertificate(notices);
    rules.checkProtocol();
    rules.checkClients(notices);
    rules.checkNames();
  }

  private void checkPassword() throws SettingsException {
    Value password = value("ssl-keyfile-password");
    if (password.source().kind() == Kind.COMMAND_LINE && !Type.Secret.isPlace(password.text())) {
      throw new SettingsException(
          password.source().with("...") + ": expected file:PATH or env:NAME",
          "Everybody on this machine can read a command line; ARBITER_SSL_KEYFILE_PASSWORD and the"
              + " settings file may hold the password itself.");
    }
  }

  private void checkCertificate(List<String> notices) throws SettingsException {
    if (has("certfile")) {
      return;
    }
    for (String name : NEED_CERTIFICATE) {
      if (has(name)) {
        throw lacking(name, "certfile");
      }
    }
    if (!value("ssl-cert-reqs").text().equals("none")) {
      throw lacking("ssl-cert-reqs", "certfile");
    }
    if (has("insecure-bind")) {
      notices.add(
          value("insecure-bind").source().named() + " is as good as --bind without a certfile");
    }
  }

  private void checkProtocol() throws SettingsException {
    Value protocol = value("protocol");
    if (has("certfile") && protocol.text().equals("uwsgi")) {
      throw new SettingsException(
          protocol.source().withText("uwsgi") + ": expected no certfile beside it",
          "uwsgi is spoken in the clear; the proxy in front is the one for TLS.");
    }
  }

  private void checkClients(List<String> notices) throws SettingsException {
    if (value("ssl-cert-reqs").text().equals("none")) {
      if (has("ca-certs")) {
        notices.add(value("ca-certs").source().named() + " does nothing without ssl-cert-reqs");
      }
      return;
    }
    if (!has("ca-certs")) {
      throw lacking("ssl-cert-reqs", "ca-certs");
    }
  }

  private void checkNames() throws SettingsException {
    for (String text : value("sni").texts()) {
      if (!text.matches("(\\*\\.)?[A-Za-z0-9_][A-Za-z0-9._-]*=[^,]+(,[^,]+)?")) {
        throw new SettingsException(
            value("sni").source().with(text) + ": expected NAME=CERT,KEY",
            Settings.named("sni").help() + ".");
      }
    }
    for (String text : value("insecure-bind").texts()) {
      if (BindAddress.parse(text) instanceof BindAddress.Named) {
        throw new SettingsException(
            value("insecure-bind").source().with(text) + ": expected an address or a number",
            "A name can stand for several sockets; name the address it has.");
      }
    }
  }

  private SettingsException lacking(String name, String needed) {
    Value value = value(name);
    return new SettingsException(
        value.source().with(value.text()) + ": expected " + needed + " beside it",
        Settings.named(needed).help() + ".");
  }

  private boolean has(String name) {
    return !value(name).text().isEmpty();
  }

  private Value value(String name) {
    Value value = values.get(name);
    if (value == null) {
      throw new IllegalStateException(name);
    }
    return value;
  }
}
