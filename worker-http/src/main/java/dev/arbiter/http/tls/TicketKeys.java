package dev.arbiter.http.tls;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import javax.crypto.KDF;
import javax.crypto.spec.HKDFParameterSpec;

/**
 * The keys of session tickets, made of the secrets that all workers have from their arbiter.
 *
 * <p>Design note. A ticket stands for a client that has been let in: its certificate is in there,
 * and is not judged again. So what decides who is let in is an ingredient of the keys: under
 * another list of authorities or of revoked certificates a ticket cannot be opened, the client
 * shakes hands in full, and is judged. Derived with HKDF (RFC 5869).
 */
final class TicketKeys {
  private static final byte[] LABEL = "arbiter session tickets".getBytes(US_ASCII);
  private static final int SECRET = 32;

  private TicketKeys() {}

  /**
   * A key for each secret.
   *
   * @param secrets as {@link dev.arbiter.worker.WorkerContext#ticketSecrets} has them; where there
   *     are none the process makes one for itself
   * @param admission stands for what decides who is let in
   */
  static List<byte[]> of(List<byte[]> secrets, String admission) throws GeneralSecurityException {
    List<byte[]> ingredients = new ArrayList<>(secrets);
    if (ingredients.isEmpty()) {
      byte[] own = new byte[SECRET];
      new SecureRandom().nextBytes(own);
      ingredients.add(own);
    }
    ByteArrayOutputStream info = new ByteArrayOutputStream();
    info.writeBytes(LABEL);
    info.writeBytes(admission.getBytes(US_ASCII));
    KDF hkdf = KDF.getInstance("HKDF-SHA256");
    List<byte[]> keys = new ArrayList<>();
    for (byte[] secret : ingredients) {
      keys.add(
          hkdf.deriveData(
              HKDFParameterSpec.ofExtract()
                  .addIKM(secret)
                  .thenExpand(info.toByteArray(), TlsEngines.TICKET_KEY)));
    }
    return List.copyOf(keys);
  }
}
