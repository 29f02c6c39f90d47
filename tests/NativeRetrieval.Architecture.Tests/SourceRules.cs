using System.Text.RegularExpressions;

namespace NativeRetrieval.Architecture.Tests;

/// <summary>Rules for the text of a source file. Every rule returns one line per violation: file, what, what to do.</summary>
internal static partial class SourceRules
{
    public const int LongestFileLines = 400, LastColumn = 140;

    public const string TheTerminal = "src/NativeRetrieval.Cli/Output/Terminal.cs";

    /// <summary>Files that write without <c>DurableFile</c>, each with the reason.</summary>
    public static readonly Dictionary<string, string> WritesItself = new()
    {
        ["src/NativeRetrieval.Core/Serialization/DurableFile.cs"] = "it is the helper",
        ["src/NativeRetrieval.Core/Serialization/FolderLock.cs"] = "an empty file that is locked, not written",
        ["src/NativeRetrieval.Cli/Output/Terminal.cs"] = "wraps stdout, which is no file",
        ["src/NativeRetrieval.Indexing/Storage/Segments/DiskIo.cs"] =
            "appends rows that count only once the catalogue's transaction refers to them",
        ["src/NativeRetrieval.Demo/DemoCollection.cs"] = "hundreds of sounds in a folder that is renamed when it is complete",
    };

    /// <summary>Files that open or look up files without <c>RegularFile</c> and what is built on it, each with the reason.</summary>
    public static readonly Dictionary<string, string> ReadsItself = new()
    {
        ["src/NativeRetrieval.Core/Serialization/RegularFile.cs"] = "it is the helper",
        ["src/NativeRetrieval.Core/Serialization/FileStatus.cs"] = "it is the helper",
        ["src/NativeRetrieval.Cuda/Interop/Libraries/SystemLoader.cs"] = "the system's own list of this process's libraries",
        ["src/NativeRetrieval.Indexing/Storage/Segments/DiskIo.cs"] = "opens segments for writing",
        ["src/NativeRetrieval.Indexing/Storage/Catalogue.cs"] = "asks for SQLite's own log",
        ["weights-convert/NativeRetrieval.WeightsConvert/Catalogue/PartFile.cs"] = "a download's own beginning",
    };

    /// <summary>
    /// Folder = namespace, file-scoped. Only <c>Program.cs</c> (top-level statements) and <c>GlobalUsings.cs</c> have none.
    /// An op adds its slice of <c>IBackend</c> in a second namespace, which the language allows in block form only.
    /// </summary>
    public static IEnumerable<string> NamespaceIsNotFolder(SourceFile file)
    {
        var found = Namespace().Matches(file.Code);
        if (found.Count == 0)
        {
            if (file.Name is not ("Program.cs" or "GlobalUsings.cs")) yield return $"{file.Path}: no namespace";
            yield break;
        }
        int start = file.IsSample ? SourceFile.SampleFolder.Length : file.Path.IndexOf('/');
        string folder = file.Path[(start + 1)..file.Path.LastIndexOf('/')];
        string expected = folder.Replace('/', '.');
        if (found[0].Groups["name"].Value != expected)
            yield return $"{file.Path}: namespace is {found[0].Groups["name"].Value}, folder says {expected}";
        if (found.Count == 1 && found[0].Groups["end"].Value != ";") yield return $"{file.Path}: namespace is a block; make it file-scoped";
    }

    /// <summary>A crash must not leave half a file: everything that ships is written through the one helper.</summary>
    public static IEnumerable<string> WritesPastDurableFile(SourceFile file) =>
        !file.IsShipped || WritesItself.ContainsKey(file.Path)
            ? []
            : FileWrites().Matches(file.Code).Select(call => $"{file.Path}: {call.Value} writes past DurableFile");

    /// <summary>
    /// A pipe is not waited for, a file is not read without a bound, and length and time are those of the file behind a link.
    /// </summary>
    public static IEnumerable<string> ReadsPastRegularFile(SourceFile file) =>
        !file.IsShipped || ReadsItself.ContainsKey(file.Path)
            ? []
            : FileReads().Matches(file.Code).Select(call =>
                $"{file.Path}: {call.Value} reads past SmallFile, RegularFile and FileStatus");

    /// <summary>
    /// Libraries are told what time it is and which numbers are random; only the command line may ask, and the file whose numbers are
    /// secrets that nobody may foresee.
    /// </summary>
    public static IEnumerable<string> AmbientRandomnessOrTime(SourceFile file) =>
        !file.IsShipped || file.IsUnder("src/NativeRetrieval.Cli") || file.Path == "src/NativeRetrieval.Distributed/Joining/JobKey.cs"
            ? []
            : Ambient().Matches(file.Code).Select(call => $"{file.Path}: {call.Value} is ambient; take a Philox or a TimeProvider");

    /// <summary>
    /// Everything a user sees goes through <c>Terminal</c>, which escapes whatever could steer a screen: nothing else that ships holds a
    /// stream of text, or the console.
    /// </summary>
    public static IEnumerable<string> PrintsPastTheTerminal(SourceFile file) =>
        !file.IsShipped || file.Path == TheTerminal
            ? []
            : Prints().Matches(file.Code).Select(call => $"{file.Path}: {call.Value} prints past Terminal; return lines, or call Terminal");

    /// <summary>The CPU backend is behind Core's public operations; only the backend beside it and tests know its parts.</summary>
    public static IEnumerable<string> NamesTheCpuBackend(SourceFile file) =>
        file.IsUnder("src/NativeRetrieval.Core") || file.IsUnder("src/NativeRetrieval.Cuda") || file.IsUnder("tests")
            ? []
            : CpuBackend().Matches(file.Code).Select(name => $"{file.Path}: {name.Value} is Core's own; use a public operation");

    public static IEnumerable<string> TooLong(SourceFile file)
    {
        int lines = file.Text.AsSpan().TrimEnd().Count('\n') + 1;
        return file.IsShipped && lines > LongestFileLines
            ? [$"{file.Path}: {lines} lines, at most {LongestFileLines}; ask what second idea moved in"]
            : [];
    }

    /// <summary>Lines of code end by a column that two of them fit side by side on a screen.</summary>
    public static IEnumerable<string> LongLines(SourceFile file) =>
        from line in file.Text.Split('\n').Index()
        where line.Item.TrimEnd('\r').Length > LastColumn
        select $"{file.Path}:{line.Index + 1}: {line.Item.Length} columns, at most {LastColumn}; wrap it";

    /// <summary>A summary names its subject first: "The windows of a recording", not "What a recording is cut into".</summary>
    public static IEnumerable<string> SummariesWithoutNoun(SourceFile file) =>
        file.IsUnder("tests/NativeRetrieval.Architecture.Tests") ? [] : RiddleSummary().Matches(file.Text)
            .Select(found => $"{file.Path}:{file.LineOf(found.Index)}: the summary begins with '{found.Groups["word"].Value}'");

    /// <summary>Unfinished work, folded code and names of one machine or package mirror stay out.</summary>
    public static IEnumerable<string> ForbiddenWords(SourceFile file) =>
        file.IsUnder("tests/NativeRetrieval.Architecture.Tests")
            ? []
            : Words().Matches(file.Text).Select(word => $"{file.Path}:{file.LineOf(word.Index)}: '{word.Value}' must not appear");

    [GeneratedRegex(@"<summary>\s*(///\s*)?(?<word>What|Where|As|How|Of|Which|That|Whether|When|Who|Why|If)\s")]
    private static partial Regex RiddleSummary();

    [GeneratedRegex(@"^namespace\s+(?<name>[\w.]+)\s*(?<end>[;{]?)", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"\bFile\.(WriteAll\w+|AppendAll\w+|AppendText|Create|CreateText|OpenWrite|Replace)\s*\("
        + @"|\bFileMode\.(Create|CreateNew|Append|OpenOrCreate|Truncate)\b|\bnew StreamWriter\(")]
    private static partial Regex FileWrites();

    [GeneratedRegex(@"\bFile\.(ReadAll\w+|ReadLines\w*|OpenRead|OpenText|Open|OpenHandle|GetLastWriteTime\w*)\s*\("
        + @"|\bnew FileStream\((?=[^;]*FileMode\.Open\b[^;]*FileAccess\.Read\b)|\bnew FileStream\((?=[^;]*FileStreamOptions)"
        + @"|\bnew StreamReader\(\s*\w*[pP]ath\b|\bnew FileInfo\((?![^;()]*\)\.LinkTarget)")]
    private static partial Regex FileReads();

    [GeneratedRegex(@"\bRandom\.Shared\b|\bnew Random\(\s*\)|\bDateTime(Offset)?\.(Now|UtcNow|Today)\b|\bTimeProvider\.System\b"
        + @"|\bEnvironment\.TickCount\w*|\bRandomNumberGenerator\b")]
    private static partial Regex Ambient();

    [GeneratedRegex(@"\bConsole\.\w+|\b(TextWriter|StreamWriter)\b(?!\.Null)|\b(Debug|Trace)\.(Write|Print)\w*|\bTraceSource\b"
        + @"|/dev/(tty|stdout|stderr|fd)\b")]
    private static partial Regex Prints();

    [GeneratedRegex(@"\bCore\.Cpu\b")]
    private static partial Regex CpuBackend();

    [GeneratedRegex(@"\bTODO\b|\bFIXME\b|\bXXX\b|#region|NotImplementedException|/(work|home|root)/\w"
        + @"|""resolved""\s*:\s*""https?:|registry\.\w+\.\w+", RegexOptions.CultureInvariant)]
    private static partial Regex Words();
}
