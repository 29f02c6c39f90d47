using System.Text.Json;
using System.Text.Json.Serialization;
using NativeRetrieval.Core.Distributed;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Cuda.Distributed;

/// <summary>Facts that ranks compare before NCCL connects them: it hangs, or fails without a word, where these do not fit.</summary>
/// <param name="Uuid">The GPU's own number.</param>
/// <param name="Device">The GPU's name on its machine, e.g. <c>cuda:0</c>.</param>
internal sealed record NcclMember(string Version, string Uuid, string Device)
{
    /// <exception cref="DistributedException">Versions differ, or two ranks have one GPU; the same on every rank.</exception>
    public static void RequireAgreement(IProcessGroup control, NcclMember own)
    {
        NcclMember[] all = [.. control.Exchange(JsonSerializer.SerializeToUtf8Bytes(own, NcclJson.Default.NcclMember))
            .Select(bytes => JsonSerializer.Deserialize(bytes, NcclJson.Default.NcclMember)!)];
        for (int rank = 1; rank < all.Length; rank++)
        {
            if (all[rank].Version != all[0].Version)
                throw new DistributedException($"rank {rank} has NCCL {PlainText.Short(all[rank].Version)}, rank 0 has "
                    + $"{PlainText.Short(all[0].Version)}: install one version for all ranks", rank);
            int other = Array.FindIndex(all, 0, rank, member => member.Uuid == all[rank].Uuid);
            if (other >= 0)
                throw new DistributedException($"ranks {other} and {rank} have the same GPU, {PlainText.Short(all[rank].Device)} of one "
                    + "machine: give each rank its own by --device cuda:N, or start as many ranks as there are GPUs", rank);
        }
    }
}

[JsonSerializable(typeof(NcclMember))]
internal sealed partial class NcclJson : JsonSerializerContext;
