using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace NativeRetrieval.Distributed.Joining;

/// <summary>
/// The key of a job. It is proven, never sent: HMAC-SHA-256 of the other side's random bytes, so that nobody can answer with what he heard
/// before. What follows is neither encrypted nor signed: ranks belong on a network of their own.
/// </summary>
internal sealed class JobKey(string job, byte[] secret)
{
    public const int ChallengeBytes = 32;

    readonly byte[] _key = SHA256.HashData([.. SHA256.HashData(Encoding.UTF8.GetBytes(job)), .. secret]);

    public static byte[] NewChallenge() => RandomNumberGenerator.GetBytes(ChallengeBytes);

    /// <summary>The proof that a rank has the key.</summary>
    public byte[] Proof(byte[] challenge, int rank) =>
        HMACSHA256.HashData(_key, (byte[])[.. challenge, .. Encoding.ASCII.GetBytes(rank.ToString(CultureInfo.InvariantCulture))]);

    public bool IsProof(byte[] proof, byte[] challenge, int rank) =>
        CryptographicOperations.FixedTimeEquals(proof, Proof(challenge, rank));
}
