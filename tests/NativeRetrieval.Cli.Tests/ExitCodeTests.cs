using System.CommandLine;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Evaluation.Data;

namespace NativeRetrieval.Cli.Tests;

public class ExitCodeTests
{
    public static TheoryData<Exception, int> Errors() => new()
    {
        { new OptionException("top is 0"), 2 },
        { new CorruptFileException("a.bin", "bad"), 5 },
        { new AudioDecodeException("a.wav", "bad"), 5 },
        { new IndexCorruptException("x.nrx", "bad"), 5 },
        { new CaptionFileException("a.csv", 3, "bad"), 5 },
        { new IndexException("locked"), 1 },
        { new FileWriteException("a", "full"), 1 },
        { new FileReadException("a.csv", "no permission", new UnauthorizedAccessException()), 1 },
        { new FileReadException("a.csv", "it is a device", new NotAFileException("it is a device, not a file")), 5 },
        { new DistributedException("rank 1 died", 1), 6 },
        { new IOException("gone"), 1 },
    };

    [Theory]
    [MemberData(nameof(Errors))]
    public async Task AnExpectedErrorIsOneLineAndItsCode(Exception error, int code)
    {
        var run = await CommandLine.Run(terminal => Throwing(error), TestContext.Current.CancellationToken, "work");
        Assert.Equal(new(code, "", $"error: {error.Message}\n"), run);
    }

    [Fact]
    public async Task ADefectOfTheProgramIsShownWithItsTrace()
    {
        var run = await CommandLine.Run(terminal =>
            Throwing(new InvalidOperationException("oops")), TestContext.Current.CancellationToken, "work");
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("error: internal error, please report it:", run.Error);
        Assert.Contains("oops", run.Error);
    }

    [Fact]
    public async Task AnInterruptedCommandStopsCleanlyWith130()
    {
        using var stop = new CancellationTokenSource();
        bool cleaned = false;
        var run = await CommandLine.Run(terminal => Waiting(terminal, stop, () => cleaned = true), stop.Token, "work");
        Assert.Equal(new(130, "partial\n", "interrupted\n"), run);
        Assert.True(cleaned);
    }

    [Fact]
    public async Task ACommandsOwnCodeIsKept()
    {
        var command = new DocumentedCommand("work", "Works.");
        command.SetAction(_ => ExitCode.Partial);
        Assert.Equal(3, (await CommandLine.Run(_ => command, TestContext.Current.CancellationToken, "work")).ExitCode);
    }

    [Fact]
    public async Task QuietLeavesOutMessagesButNoErrors()
    {
        Command Chatty(Terminal terminal)
        {
            var command = new DocumentedCommand("work", "Works.");
            command.SetAction(_ =>
            {
                terminal.Message("hello");
                terminal.Warning("careful");
                terminal.Line("result");
                return 0;
            });
            return command;
        }
        Assert.Equal(new(0, "result\n", "hello\nwarning: careful\n"),
            await CommandLine.Run(Chatty, TestContext.Current.CancellationToken, "work"));
        Assert.Equal(new(0, "result\n", "warning: careful\n"),
            await CommandLine.Run(Chatty, TestContext.Current.CancellationToken, "work", "--quiet"));
    }

    static Command Throwing(Exception error)
    {
        var command = new DocumentedCommand("work", "Works.");
        command.SetAction((Func<ParseResult, int>)(_ => throw error));
        return command;
    }

    static Command Waiting(Terminal terminal, CancellationTokenSource stop, Action clean)
    {
        var command = new DocumentedCommand("work", "Works.");
        command.SetAction(async (_, cancellationToken) =>
        {
            terminal.Line("partial");
            stop.Cancel();
            try
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
                return 0;
            }
            finally
            {
                clean();
            }
        });
        return command;
    }
}
