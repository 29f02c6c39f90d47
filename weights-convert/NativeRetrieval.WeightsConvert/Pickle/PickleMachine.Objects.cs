namespace NativeRetrieval.WeightsConvert.Pickle;

ref partial struct PickleMachine
{
    readonly void StackGlobal()
    {
        if (Pop() is not string name || Pop() is not string module) throw new PickleError("a class or function without a name");
        Push(new PickleGlobal(module, name));
    }

    /// <summary>A call, <c>callable(*arguments)</c>: for pickles it makes everything that has no instruction of its own.</summary>
    readonly void Reduce()
    {
        var arguments = Arguments(Pop());
        Push(_types.Call(Global(Pop()), arguments));
    }

    /// <summary><c>cls.__new__(cls, *arguments)</c>.</summary>
    readonly void NewObject(object arguments) => Push(_types.Instance(Global(Pop()), Arguments(arguments)));

    readonly void NewObjectWithKeywords()
    {
        Pop();
        NewObject(Pop());
    }

    /// <summary>Protocol 0's and 1's form of a call; the callable of OBJ lies under its arguments.</summary>
    readonly void Instance(PickleGlobal? callable)
    {
        int start = PopMark();
        var arguments = Take(callable is null ? Math.Min(start + 1, _stack.Count) : start, PickleList.Kinds.Tuple);
        Push(_types.Call(callable ?? Global(Pop()), arguments));
    }

    /// <summary><c>value.__setstate__(state)</c> or <c>value.__dict__.update(state)</c>.</summary>
    readonly void Build()
    {
        object state = Pop();
        switch (Peek())
        {
            case PickleObject instance: instance.State = state; break;
            // Attributes of a dictionary (a state_dict has its version history there) or of a tensor: neither is read by anything.
            case PickleDict or ITensorValue: break;
            default: throw new PickleError("a state is set for a value that has none");
        }
    }

    static PickleGlobal Global(object value) =>
        value as PickleGlobal ?? throw new PickleError("it asks to call a value that is no class or function");

    static PickleList Arguments(object value) => value as PickleList ?? throw new PickleError("a call whose arguments are no tuple");
}
