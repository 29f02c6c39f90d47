using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Engine;

/// <summary>Finds the sound files that paths stand for.</summary>
public static class SoundFiles
{
    static readonly HashSet<string> Extensions = new(StringComparer.OrdinalIgnoreCase)
    {
        ".wav", ".wave", ".rf64", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf", ".w64",
    };

    /// <summary>Files as given; folders with everything below them that has a sound file's extension, in order of name.</summary>
    /// <exception cref="OptionException">A path does not exist.</exception>
    public static IReadOnlyList<string> Find(IEnumerable<string> paths)
    {
        var found = new List<string>();
        foreach (string path in paths)
        {
            if (File.Exists(path)) found.Add(path);
            else if (Directory.Exists(path))
                found.AddRange(Directory.EnumerateFiles(path, "*",
                    new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = false })
                    .Where(file => Extensions.Contains(Path.GetExtension(file))).Order(StringComparer.Ordinal));
            else throw new OptionException($"{path} does not exist; name sound files or folders");
        }
        return found;
    }
}
