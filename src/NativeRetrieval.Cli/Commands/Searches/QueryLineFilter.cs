using System.Text.Json;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.Cli.Commands.Searches;

/// <summary>
/// The member <c>filter</c> of a question in JSON Lines, with the names of the service's interface: <c>{"folder": "Foley", "name": "*.wav",
/// "min_seconds": 1, "max_seconds": 10, "sample_rate_hz": 48000, "channels": 1, "category": "DOORS", "tag": "creak", "added_after":
/// "2026-01-31", "min_score": 0.1}</c>; folder, name, sample rate, channels, category and tag may be lists, of which one value fits. A
/// member that is absent, null, or an empty text or list leaves the command's own condition.
/// </summary>
internal static class QueryLineFilter
{
    /// <param name="own">Conditions of the command.</param>
    /// <param name="refused">The exception for a problem that is said.</param>
    public static SoundFilter Of(JsonElement filter, SoundFilter own, DateTimeOffset now, Func<string, Exception> refused)
    {
        if (filter.ValueKind != JsonValueKind.Object) throw refused("has a \"filter\" that is no object");
        foreach (var member in filter.EnumerateObject())
        {
            var value = member.Value;
            if (value.ValueKind == JsonValueKind.Null || (value.ValueKind == JsonValueKind.String && value.GetString() is "")
                || (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0)) continue;
            own = member.Name switch
            {
                "folder" => own with { Folders = [.. All(Text).Select(FilterOptions.FolderOf)] },
                "name" => own with { Names = [.. All(Text)] },
                "min_seconds" => own with { MinSeconds = Number(0, double.MaxValue, "a number of seconds") },
                "max_seconds" => own with { MaxSeconds = Number(0, double.MaxValue, "a number of seconds") },
                "sample_rate_hz" => own with { SampleRatesHz = [.. All(Whole)] },
                "channels" => own with { Channels = [.. All(Whole)] },
                "category" => own with { Categories = [.. All(Text)] },
                "tag" => own with { Tags = [.. All(Text)] },
                "added_after" => own with { AddedAfter = FilterOptions.DayOf(Text(value), now) ?? throw Odd("a day such as 2026-01-31") },
                "min_score" => own with { MinScore = (float)Number(-1, 1, "a number from -1 to 1") },
                _ => throw refused($"has a \"filter\" with a member \"{member.Name}\""),
            };

            IEnumerable<T> All<T>(Func<JsonElement, T> read) =>
                value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select(read) : [read(value)];

            string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Odd("a text");

            double Number(double least, double most, string expected) =>
                value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number >= least && number <= most
                    ? number : throw Odd(expected);

            int Whole(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= 1
                ? number : throw Odd("a whole number, at least 1");

            Exception Odd(string expected) => refused($"has a \"filter\" whose \"{member.Name}\" is not {expected}");
        }
        return own;
    }
}
