namespace NativeRetrieval.Audio.Decoding;

/// <summary>libsndfile, which decodes everything but WAV; whether it is installed here.</summary>
public static class SoundLibrary
{
    /// <summary>Whether the library could be loaded.</summary>
    public static bool IsAvailable => Libsndfile.IsAvailable;

    /// <summary>The file names that are tried, in this order, where the system looks for libraries.</summary>
    public static IReadOnlyList<string> NamesTried => Libsndfile.FileNames;

    /// <summary>What to do when it is missing.</summary>
    public static string HowToInstall => Libsndfile.HowToInstall;
}
