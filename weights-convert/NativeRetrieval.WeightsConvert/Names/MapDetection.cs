using NativeRetrieval.Core.Errors;
using NativeRetrieval.WeightsConvert.Checkpoints;
using NativeRetrieval.WeightsConvert.Conversion;

namespace NativeRetrieval.WeightsConvert.Names;

/// <summary>Finds the name map that a checkpoint follows.</summary>
static class MapDetection
{
    const int NamesInMessage = 6;

    /// <param name="forced">The map that the user names; null: the one that fits.</param>
    /// <param name="prefix">Beginning of the names to take, as in <see cref="BareNames"/>; null: all.</param>
    /// <exception cref="CorruptFileException">No map fits, several do, or the forced one does not, or two tensors have one name; the
    /// message names the tensors.</exception>
    /// <exception cref="OptionException">No name begins with <paramref name="prefix"/>.</exception>
    public static MapMatch Find(CheckpointFile checkpoint, NameMap? forced, string? prefix = null)
    {
        var names = new BareNames(checkpoint, prefix);
        if (forced is not null) return Require(checkpoint, forced, names);
        MapMatch[] seen = [.. NameMaps.All.Select(map => MapMatch.Of(map, names)).OfType<MapMatch>()];
        // A file that this program wrote names its map.
        if (checkpoint.Metadata.TryGetValue(CheckpointConversion.MapKey, out string? recorded)
            && seen.FirstOrDefault(match => match.Map.Name == recorded && match.Problems == 0) is { } own)
            return own;
        MapMatch[] fitting = [.. seen.Where(match => match.Problems == 0 && match.IsTypical)];
        if (fitting.Length == 1) return fitting[0];
        if (fitting.Length > 1)
            throw new CorruptFileException(checkpoint.Path,
                $"follows several forms ({string.Join(", ", fitting.Select(match => match.Map.Name))}); say which with --map");
        string looked = $"is of none of the forms that are known here ({NameMaps.Names})";
        if (seen.OrderByDescending(match => match.IsTypical).MinBy(match => match.Problems) is { } closest)
            throw new CorruptFileException(checkpoint.Path, $"{looked}; closest is {closest.Map.Name}: {Problems(closest)}");
        var anchors = NameMaps.All.Select(map => map.Anchor).Distinct();
        throw new CorruptFileException(checkpoint.Path, $"{looked}: it has none of the tensors by which they are recognised "
            + $"({string.Join(", ", anchors)}); --inspect shows what it has");
    }

    /// <summary>The map whose own names the tensors have, as in a model that this program trained; null: none.</summary>
    public static NameMap? OwnNames(CheckpointFile checkpoint)
    {
        if (checkpoint.Tensors.Any(tensor => BareNames.WrappersOf(tensor.Name).Any())) return null;
        var names = new BareNames(checkpoint, prefix: null);
        MapMatch[] fitting = [.. NameMaps.All.Select(map => MapMatch.Of(map, names)).OfType<MapMatch>()
            .Where(match => match.Problems == 0 && match.IsTypical)];
        return fitting is [{ Root: "" } only] && checkpoint.Tensors.All(tensor => only.Map.ToSource(tensor.Name) == tensor.Name)
            ? only.Map
            : null;
    }

    static MapMatch Require(CheckpointFile checkpoint, NameMap map, BareNames names)
    {
        var match = MapMatch.Of(map, names)
            ?? throw new CorruptFileException(checkpoint.Path, $"does not follow {map.Name}: it has no "
                + $"{map.Anchor}; --inspect shows what it has");
        return match.Problems == 0
            ? match
            : throw new CorruptFileException(checkpoint.Path, $"does not follow {map.Name}: {Problems(match)}");
    }

    static string Problems(MapMatch match)
    {
        var parts = new List<string>();
        if (match.Missing is { Count: > 0 } missing) parts.Add($"{Count(missing.Count)} missing: {Some(missing)}");
        if (match.OtherShape is { Count: > 0 } other)
            parts.Add($"{Count(other.Count)} of another shape: {Some([.. other.Select(Contrast)])}");
        if (match.Unexpected is { Count: > 0 } unexpected) parts.Add($"{Count(unexpected.Count)} without a place: {Some(unexpected)}");
        if (!match.IsTypical)
            parts.Add(match.Map.Present.Count > 0 ? $"it has no {Some(match.Map.Present)}" : $"it has {Some(match.Map.Absent)}");
        return string.Join("; ", parts);

        static string Count(int count) => count == 1 ? "1 tensor is" : $"{count} tensors are";

        static string Contrast((CheckpointTensor Tensor, string Expected) found) =>
            $"{found.Tensor.Name} [{string.Join(", ", found.Tensor.Shape)}] instead of {found.Expected}";
    }

    static string Some(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(NamesInMessage)) + (names.Count > NamesInMessage ? $" and {names.Count - NamesInMessage} more" : "");
}
