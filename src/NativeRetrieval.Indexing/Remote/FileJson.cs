using System.Text.Json;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Indexing.Remote;

/// <summary>Details of a file as a server keeps them.</summary>
internal static class FileJson
{
    public static string Of(SoundDetails details) => JsonSerializer.Serialize(details, DetailsJson.Default.SoundDetails);

    /// <exception cref="IndexCorruptException">The text has another form.</exception>
    public static SoundDetails DetailsOf(string text, string place)
    {
        try
        {
            return JsonSerializer.Deserialize(text, DetailsJson.Default.SoundDetails)
                ?? throw new IndexCorruptException(place, "the details of a file are empty");
        }
        catch (JsonException e)
        {
            throw new IndexCorruptException(place, $"the details of a file have another form: {e.Message}", e);
        }
    }
}
