using NativeRetrieval.Core.Errors;

namespace NativeRetrieval.Cli;

/// <summary>The exit codes of all commands.</summary>
public static class ExitCode
{
    /// <summary>Everything was done.</summary>
    public const int Ok = 0;

    /// <summary>The command failed for a reason that has no code of its own.</summary>
    public const int Failure = 1;

    /// <summary>The command line or a setting is wrong.</summary>
    public const int Usage = 2;

    /// <summary>Done, but some files were skipped; they are listed.</summary>
    public const int Partial = 3;

    /// <summary>A file was refused: damaged, hostile, of another format, or no file at all, such as a device.</summary>
    public const int Corrupt = 5;

    /// <summary>Another of the processes that work together died, hangs, disagrees or gave up; the message names it.</summary>
    public const int Distributed = 6;

    /// <summary>Stopped cleanly after Ctrl-C or SIGTERM.</summary>
    public const int Interrupted = 130;

    /// <summary>The one place where exceptions become exit codes.</summary>
    public static int Of(Exception error) => error switch
    {
        OptionException => Usage,
        CorruptFileException or FileReadException { InnerException: NotAFileException } => Corrupt,
        DistributedException => Distributed,
        OperationCanceledException => Interrupted,
        _ => Failure,
    };

    /// <summary>Errors whose message is meant for the user; any other is a defect of the program.</summary>
    public static bool IsExpected(Exception error) => error is NativeRetrievalException or IOException or UnauthorizedAccessException;
}
