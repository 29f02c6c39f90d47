using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Evaluation.Data.Layouts;

namespace NativeRetrieval.Evaluation.Data;

/// <summary>The folder of a table's sounds. It is listed only where a name is not that of a file.</summary>
internal sealed class SoundFolder(string folder)
{
    const int NearNames = 3;

    readonly Lazy<Listing> _listing = new(() => Listing.Of(folder));

    /// <summary>All files that one of several names stands for; names differ in Unicode's normal form only.</summary>
    /// <exception cref="FileReadException">The folder cannot be listed.</exception>
    public IReadOnlyList<string> Find(SoundNames names)
    {
        var found = new List<string>();
        foreach (string name in names.Paths)
        {
            string path = Path.Combine(folder, name);
            if (File.Exists(path)) found.Add(path);
            else found.AddRange(_listing.Value.Paths[UnicodeForm.Composed(name)]);
        }
        foreach (string stem in names.Stems) found.AddRange(_listing.Value.Stems[UnicodeForm.Composed(stem)]);
        return [.. found.DistinctBy(Path.GetFullPath)];
    }

    /// <summary>
    /// The files whose names differ from those asked in case, spaces around them, extension, folder or the kind of slash only, relative
    /// to the folder; at most three.
    /// </summary>
    /// <exception cref="FileReadException">The folder cannot be listed.</exception>
    public IReadOnlyList<string> Near(SoundNames names) =>
        [.. names.Paths.Concat(names.Stems).SelectMany(name => Listing.Loose(name).SelectMany(loose => _listing.Value.LooseStems[loose]))
            .Distinct().Take(NearNames).Select(path => Path.GetRelativePath(folder, path))];

    sealed record Listing(ILookup<string, string> Paths, ILookup<string, string> Stems, ILookup<string, string> LooseStems)
    {
        public static Listing Of(string folder)
        {
            IReadOnlyList<string> files;
            try
            {
                // Files that no installed decoder reads are there, too: decoding says what they need.
                var found = SoundFiles.Find([folder]);
                files = [.. found.Files,
                    .. found.LeftOut.Where(file => file.Outcome == FileOutcome.UnreadableKind).Select(file => file.Path)];
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new FileReadException(folder, error.Message, error);
            }
            return new(files.ToLookup(path => UnicodeForm.Composed(Path.GetRelativePath(folder, path).Replace('\\', '/'))),
                files.ToLookup(path => UnicodeForm.Composed(Path.GetFileNameWithoutExtension(path))),
                files.ToLookup(path => Loose(Path.GetFileName(path))[^1]));
        }

        /// <summary>Forms of a name that are compared for likeness: without folder, then also without extension.</summary>
        public static string[] Loose(string name)
        {
            string plain = UnicodeForm.Composed(name[(name.LastIndexOfAny(['/', '\\']) + 1)..].Trim()).ToLowerInvariant();
            return [plain, Path.GetFileNameWithoutExtension(plain).TrimEnd()];
        }
    }
}
