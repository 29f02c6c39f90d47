using Microsoft.Extensions.AI;
using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Hosting.Generators;

/// <summary>Checks of a sound before it is decoded.</summary>
internal static class SoundContent
{
    /// <summary>Samples without a header: nothing says their rate and channels.</summary>
    static readonly string[] _headless = ["audio/l8", "audio/l16", "audio/l20", "audio/l24", "audio/pcm", "audio/raw"];

    static readonly string[] _others = ["application/ogg", "application/octet-stream"];

    /// <summary>The sound's name in messages: its place among the values and, where it has one, its own.</summary>
    /// <exception cref="OptionException">The value is null.</exception>
    /// <exception cref="AudioDecodeException">It is empty, or its media type is not one of sound.</exception>
    public static string Require(DataContent? sound, int place)
    {
        if (sound is null) throw new OptionException($"sound {place} is null; expected the bytes of a sound file");
        string name = sound.Name is { Length: > 0 } own ? $"sound {place} ({PlainText.Short(own)})" : $"sound {place}";
        string type = sound.MediaType.Split(';')[0].Trim().ToLowerInvariant();
        if (_headless.Contains(type))
            throw new AudioDecodeException(name, $"is {type}, samples without a header; put them into a WAV file, which says rate and "
                + "channels");
        if (!sound.HasTopLevelMediaType("audio") && !sound.HasTopLevelMediaType("video") && !_others.Contains(type))
            throw new AudioDecodeException(name,
                $"is {PlainText.Short(type)}; expected audio/…, video/… or {string.Join(" or ", _others)}");
        return sound.Data.Length > 0 ? name : throw new AudioDecodeException(name, "is empty (0 bytes); expected a sound file");
    }
}
